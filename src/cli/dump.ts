import type { Command } from 'commander';
import { PacelineError } from '../base/errors.ts';
import { dumpLog } from '../log-store/dump.ts';
import { decodeLostFile } from '../member/lost-file.ts';
import { describeWal, describeWalIndex } from '../wal/describe.ts';
import { describePayload, findPayload, wholePayload } from './dump-redo.ts';
import { checkKind, type FileKind } from './file-kind.ts';
import { type FileSource, withFileSource } from './file-source.ts';
import { describeLostFile } from './lost.ts';
import { printLines } from './print.ts';

export function addDump(program: Command): void {
  const dump = program
    .command('dump')
    .description('print a file in readable form, one line per record; changes nothing');
  for (const format of FORMATS) addFormat(dump, format);
  dump
    .command('redo')
    .description("a log entry's payload, alone in a file, or entry N of a log segment")
    .argument('<FILE>')
    .option('--index <N>', 'FILE is a log segment: take the entry of this index')
    .action((file: string, { index }: { index?: string }) =>
      withFileSource(file, (source) => printLines(describePayload(payloadOf(source, index)))),
    );
}

interface Format {
  readonly name: string;
  readonly text: string;
  /** The file has to be one of these; the first is what it is for. */
  readonly kinds: readonly FileKind[];
  /** Whether a file without a byte is one, too. */
  readonly mayBeEmpty?: boolean;
  readonly describe: (source: FileSource) => Iterable<string>;
}

const FORMATS: readonly Format[] = [
  {
    name: 'log',
    text: 'a segment of the replication log (DIR/log/*.log)',
    kinds: ['log', 'base'],
    describe: (source) => dumpLog(source.path),
  },
  {
    name: 'wal',
    text: "SQLite's WAL (DIR/db/main.db-wal)",
    kinds: ['wal'],
    mayBeEmpty: true,
    describe: describeWal,
  },
  {
    name: 'lost',
    text: 'writes that a failover discarded (DIR/lost/*.lost)',
    kinds: ['lost'],
    describe: (source) => describeLostFile(decodeLostFile(source.read(0, source.size))),
  },
  {
    name: 'wal-index',
    text: "SQLite's wal-index (DIR/db/main.db-shm)",
    kinds: ['wal-index'],
    describe: (source) => describeWalIndex(source.read),
  },
];

function addFormat(dump: Command, { name, text, kinds, mayBeEmpty, describe }: Format): void {
  const print = (source: FileSource) => {
    if (source.size > 0 || mayBeEmpty !== true) checkKind(source, kinds);
    printLines(describe(source));
  };
  dump
    .command(name)
    .description(text)
    .argument('<FILE>')
    .action((file: string) => withFileSource(file, print));
}

function payloadOf(source: FileSource, index: string | undefined): Uint8Array {
  if (index === undefined) return wholePayload(source);
  if (!/^[1-9]\d{0,15}$/.test(index))
    throw new PacelineError('OPTIONS_INVALID', `--index must be a number from 1, not "${index}"`);
  return findPayload(source, Number(index));
}
