import type { Command } from 'commander';
import { PacelineError } from '../base/errors.ts';
import { dumpLog } from '../log-store/dump.ts';
import { decodeLostFile } from '../member/lost-file.ts';
import { describeWal, describeWalIndex } from '../wal/describe.ts';
import { describePayload, findPayload, wholePayload } from './dump-redo.ts';
import { type FileSource, withFileSource } from './file-source.ts';
import { describeLostFile } from './lost.ts';

export function addDump(program: Command): void {
  const dump = program
    .command('dump')
    .description('print a file in readable form, one line per record; changes nothing');
  addFormat(dump, 'log', 'a segment of the replication log (DIR/log/*.log)', (source) =>
    dumpLog(source.path),
  );
  addFormat(dump, 'wal', "SQLite's WAL (DIR/db/main.db-wal)", describeWal);
  addFormat(dump, 'lost', 'writes that a failover discarded (DIR/lost/*.lost)', (source) =>
    describeLostFile(decodeLostFile(source.read(0, source.size))),
  );
  addFormat(dump, 'wal-index', "SQLite's wal-index (DIR/db/main.db-shm)", (source) =>
    describeWalIndex(source.read),
  );
  dump
    .command('redo')
    .description("a log entry's payload, alone in a file, or entry N of a log segment")
    .argument('<FILE>')
    .option('--index <N>', 'FILE is a log segment: take the entry of this index')
    .action((file: string, { index }: { index?: string }) =>
      withFileSource(file, (source) => printLines(describePayload(payloadOf(source, index)))),
    );
}

function addFormat(
  dump: Command,
  name: string,
  text: string,
  describe: (source: FileSource) => Iterable<string>,
): void {
  dump
    .command(name)
    .description(text)
    .argument('<FILE>')
    .action((file: string) => withFileSource(file, (source) => printLines(describe(source))));
}

function payloadOf(source: FileSource, index: string | undefined): Uint8Array {
  if (index === undefined) return wholePayload(source);
  if (!/^[1-9]\d{0,15}$/.test(index))
    throw new PacelineError('OPTIONS_INVALID', `--index must be a number from 1, not "${index}"`);
  return findPayload(source, Number(index));
}

function printLines(lines: Iterable<string>): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}
