import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { argsToJson } from '../api/json.ts';
import { PacelineError } from '../base/errors.ts';
import { layoutOf } from '../member/directory.ts';
import { lostFilesIn } from '../member/lost-directory.ts';
import { decodeLostFile, type LostFile } from '../member/lost-file.ts';
import { printLines } from './print.ts';

export function addLost(program: Command): void {
  const lost = program
    .command('lost')
    .description(
      'writes that a failover discarded although they may have been acknowledged (below a majority)',
    );
  lost
    .command('list')
    .description("the files in a member's directory, one line each; changes nothing")
    .argument('<DIR>', "the member's directory")
    .action((dir: string) => printLines(list(dir)));
  lost
    .command('show')
    .description(
      'what one of them holds: positions, pages, and rows where they can be told; changes nothing',
    )
    .argument('<DIR>', "the member's directory")
    .argument('<NAME>', 'as "lost list" prints it')
    .action((dir: string, name: string) => printLines(describeLostFile(readLost(dir, name))));
  lost
    .command('discard')
    .description('removes one of them, for good')
    .argument('<DIR>', "the member's directory")
    .argument('<NAME>', 'as "lost list" prints it')
    .action((dir: string, name: string) => rmSync(pathOf(dir, name)));
}

function* list(dir: string): Generator<string> {
  const names = lostFilesIn(lostDirectoryOf(dir));
  if (names.length === 0) process.stderr.write(`no lost writes in ${dir}\n`);
  for (const name of names) {
    const { entries, omitted, rows } = readLost(dir, name);
    const acknowledged = entries.filter((entry) => entry.mayBeAcknowledged).length;
    yield `${name}  transactions ${entries.length + omitted}, perhaps acknowledged ${acknowledged}, rows ${rows.length}`;
  }
}

/** One line for each thing in it. */
export function* describeLostFile(file: LostFile): Generator<string> {
  const { cluster, member, common, pageSize, omitted, entries, rows, untold } = file;
  yield `lost writes of member ${member}, cluster ${cluster}, page size ${pageSize}`;
  yield `common up to ${common.term}.${common.index}`;
  for (const { id, mayBeAcknowledged, pages, payload } of entries) {
    const acknowledged = mayBeAcknowledged ? ', perhaps acknowledged' : '';
    const numbers = [...pages.keys()].join(' ');
    yield `${id.term}.${id.index}${acknowledged}, ${payload.length} bytes of log, pages ${numbers}`;
  }
  if (omitted > 0) yield `${omitted} more transactions were not saved (lostBytesMax)`;
  for (const { table, rowid, columns, before, after } of rows) {
    const what = before === null ? 'inserted' : after === null ? 'deleted' : 'updated';
    const texts = [before, after].flatMap((row) => (row === null ? [] : [textOf(columns, row)]));
    const where = rowid === null ? table : `${table} rowid ${rowid}`;
    yield `${what} ${where}: ${texts.join(' -> ')}`;
  }
  for (const what of untold) yield `not told: ${what}`;
}

function textOf(columns: readonly string[], row: LostFile['rows'][number]['before']): string {
  const values = argsToJson(row ?? [], 'row') as unknown[];
  return JSON.stringify(Object.fromEntries(values.map((v, i) => [columns[i] ?? `column ${i}`, v])));
}

function readLost(dir: string, name: string): LostFile {
  return decodeLostFile(readFileSync(pathOf(dir, name)));
}

/** Throws OPTIONS_INVALID for a directory that is no member's: a slip of the pen must not read as "nothing was lost". */
function lostDirectoryOf(dir: string): string {
  const { identity, lost } = layoutOf(dir);
  if (existsSync(identity)) return lost;
  throw new PacelineError('OPTIONS_INVALID', `${dir} is not a member's directory; give its --dir`);
}

function pathOf(dir: string, name: string): string {
  const lost = lostDirectoryOf(dir);
  if (lostFilesIn(lost).includes(name)) return join(lost, name);
  throw new PacelineError(
    'OPTIONS_INVALID',
    `there is no ${name} in ${lost}; "paceline lost list ${dir}" shows what is there`,
  );
}
