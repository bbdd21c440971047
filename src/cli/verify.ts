import type { Command } from 'commander';
import {
  compareDatabases,
  comparePositions,
  type Difference,
  type Inspected,
} from './compare-databases.ts';
import { EXIT } from './exit-codes.ts';
import { type DatabaseReport, inspectDatabase, openStoppedMember } from './inspect-database.ts';

interface Comparison {
  readonly first: DatabaseReport;
  readonly other: DatabaseReport;
  readonly difference: Difference | null;
}

export function addVerify(program: Command): void {
  program
    .command('verify')
    .description("compare stopped members' databases, page by page; changes nothing")
    .argument('<DIR...>', "the members' directories; each is compared with the first")
    .option('--json', 'print the report as JSON')
    .action((dirs: string[], flags: { json?: true }) => verify(dirs, flags.json === true));
}

function verify(dirs: readonly string[], json: boolean): void {
  const opened: Inspected[] = [];
  try {
    for (const dir of dirs) {
      const database = openStoppedMember(dir);
      opened.push({ database, report: inspectDatabase(dir, database) });
    }
    const comparisons = compareWithFirst(opened);
    const reports = opened.map(({ report }) => report);
    process.stdout.write(`${json ? toJson(reports, comparisons) : render(reports, comparisons)}\n`);
    if (comparisons.some(({ difference }) => difference !== null))
      process.exitCode = EXIT.DIFFERENT;
  } finally {
    for (const { database } of opened) database.close();
  }
}

function compareWithFirst([first, ...others]: readonly Inspected[]): Comparison[] {
  if (first === undefined) return [];
  return others.map((other) => ({
    first: first.report,
    other: other.report,
    difference: compareDatabases(first, other),
  }));
}

function toJson(reports: readonly DatabaseReport[], comparisons: readonly Comparison[]): string {
  const pairs = comparisons.map(({ first, other, difference }) => ({
    dirs: [first.dir, other.dir],
    identical: difference === null,
    ...difference,
  }));
  return JSON.stringify({ databases: reports, comparisons: pairs });
}

function render(reports: readonly DatabaseReport[], comparisons: readonly Comparison[]): string {
  return [...reports.map(describeReport), ...comparisons.map(describeComparison)].join('\n');
}

function describeReport({ dir, position, checksum, pages, pageSize }: DatabaseReport): string {
  const place = `term ${position.term}, index ${position.index}`;
  return `${dir}: ${place}, checksum ${checksum}, ${pages} pages of ${pageSize} bytes`;
}

function describeComparison({ first, other, difference }: Comparison): string {
  const pair = `${first.dir} and ${other.dir}`;
  if (difference === null) return `${pair}: identical`;
  const { samePosition, pages, firstPages } = difference;
  const more = pages > firstPages.length ? ', …' : '';
  const differ = pages === 1 ? '1 page differs' : `${pages} pages differ`;
  const list = pages === 0 ? '' : `; ${differ}: ${firstPages.join(', ')}${more}`;
  if (!samePosition) {
    const behind = comparePositions(first.position, other.position) < 0 ? first : other;
    const hint =
      'start the members, let them catch up, stop them, the leader last, and verify again';
    return `${pair}: positions differ, ${behind.dir} is behind; ${hint}${list}`;
  }
  const hint =
    'at the same position, so one is damaged: move its db folder aside and start it, and it fetches a copy from another member';
  return `${pair}: DIFFERENT ${hint}${list}`;
}
