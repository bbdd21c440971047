import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lookAt } from '../../demo/observe.ts';
import { messageOf } from '../../src/base/errors.ts';
import { layoutOf } from '../../src/member/directory.ts';
import { lostFilesIn } from '../../src/member/lost-directory.ts';
import { decodeLostFile, type LostFile } from '../../src/member/lost-file.ts';
import { describeOperation } from '../history/describe.ts';
import type { ChaosCluster, DestroyedLog } from './cluster.ts';
import type { Told } from './told.ts';

/** Files of lost writes of members whose directories were emptied. */
const ASIDE = 'lost-aside';

/** Bytes of one command's output: a file of lost writes has rows whole, blobs of megabytes among them. */
const OUTPUT_BYTES_MAX = 256 * 2 ** 20;

export function putLostFilesAside(cluster: ChaosCluster, id: string): void {
  const { lost } = layoutOf(cluster.member(id).settings.dir);
  const aside = join(cluster.dir, ASIDE);
  const count = existsSync(aside) ? readdirSync(aside).length : 0;
  if (existsSync(lost)) cpSync(lost, join(aside, `${id}-${count}`), { recursive: true });
}

/** What is wrong with what running members report of that: an operator has to hear of each file. */
export async function judgeLostReports({ members }: ChaosCluster): Promise<string[]> {
  const found: string[] = [];
  for (const member of members) {
    const names = lostFilesIn(layoutOf(member.settings.dir).lost);
    const { status } = await lookAt(member);
    if (status?.lostFiles !== names.length)
      found.push(
        `I10: ${member.id} has ${names.length} files of lost writes, and tells of ${status?.lostFiles}`,
      );
  }
  return found;
}

/** What is wrong with what the members, which have stopped, have saved of the writes that failovers discarded. */
export function judgeLostFiles(
  cluster: ChaosCluster,
  cli: string,
  lost: readonly Told[],
): { readonly violations: string[]; readonly files: number; readonly excused: number } {
  const violations: string[] = [];
  const files: LostFile[] = [];
  for (const dir of directories(cluster))
    for (const name of lostFilesIn(dir)) files.push(decodeLostFile(readFileSync(join(dir, name))));
  for (const { settings } of cluster.members) violations.push(...judgeCommand(cli, settings.dir));
  let excused = 0;
  for (const write of lost) {
    const wrong = wrongWith(write, files);
    if (wrong === null) continue;
    if (isExcused(write, cluster.destroyedLogs)) excused++;
    else violations.push(`I10: ${wrong}\n  ${describeOperation(write)}`);
  }
  return { violations, files: files.length, excused };
}

function directories(cluster: ChaosCluster): string[] {
  const aside = join(cluster.dir, ASIDE);
  const moved = existsSync(aside) ? readdirSync(aside).map((name) => join(aside, name)) : [];
  return [...cluster.members.map(({ settings }) => layoutOf(settings.dir).lost), ...moved];
}

/**
 * The rule: a discarded write that was acknowledged may be missing from all files only if every member that
 * had it on disk by its receipt had its directory emptied, or the last record of its log damaged, after
 * the acknowledgement.
 */
function isExcused({ reached, returned }: Told, destroyed: readonly DestroyedLog[]): boolean {
  const holders = reached?.members ?? [];
  if (holders.length === 0 || returned === null) return false;
  return holders.every((id) => destroyed.some((one) => one.id === id && one.atMs > returned));
}

/** Null if a file has the write: its position, and its row where the file has the pages that tell of rows. */
function wrongWith({ action, position }: Told, files: readonly LostFile[]): string | null {
  const { term, index } = position!;
  for (const file of files) {
    const entry = file.entries.find(({ id }) => id.term === term && id.index === index);
    if (entry === undefined) continue;
    if (!entry.mayBeAcknowledged)
      return 'a discarded write is saved as one that was not acknowledged';
    if (action.kind !== 'append' || entry.pages.size === 0) return null;
    const told = file.rows.some(
      ({ table, after }) => table === 'list' && after?.[2] === action.value,
    );
    return told ? null : 'a discarded append is saved, but its row is not told';
  }
  return 'a discarded write that was acknowledged is in no file of lost writes';
}

/** What `paceline lost list` and `show` say has to be what is there. */
function judgeCommand(cli: string, dir: string): string[] {
  const names = lostFilesIn(layoutOf(dir).lost);
  try {
    const listed = run(cli, 'list', dir)
      .split('\n')
      .filter((line) => line !== '');
    const wrong = names.filter((name, i) => !listed[i]?.startsWith(`${name} `));
    if (wrong.length > 0 || listed.length !== names.length)
      return [`"paceline lost list ${dir}" does not list ${names.join(' ')}`];
    for (const name of names.slice(-1)) run(cli, 'show', dir, name);
    return [];
  } catch (error) {
    return [messageOf(error)];
  }
}

function run(cli: string, ...args: readonly string[]): string {
  const { status, error, stdout, stderr } = spawnSync(process.execPath, [cli, 'lost', ...args], {
    encoding: 'utf8',
    maxBuffer: OUTPUT_BYTES_MAX,
  });
  if (status === 0) return stdout;
  const why = error === undefined ? stderr : error.message;
  throw new Error(`"paceline lost ${args.join(' ')}" failed: ${why}`);
}
