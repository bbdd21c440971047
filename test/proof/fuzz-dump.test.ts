/**
 * `paceline dump` on whatever file an operator names: text or a clear error, and no more. In this process where a file more costs
 * nothing; through the command itself for a few. FUZZ_FACTOR=100 runs a hundred times as long; FUZZ_SEED repeats.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { describePayload, findPayload } from '../../src/cli/dump-redo.ts';
import { withFileSource } from '../../src/cli/file-source.ts';
import { openStoredDatabase } from '../../src/cli/stored-database.ts';
import { readTableRows } from '../../src/cli/table-rows.ts';
import { dumpLog } from '../../src/log-store/dump.ts';
import { encodeRedo } from '../../src/redo/codec.ts';
import { encodeEnvelope } from '../../src/redo/envelope.ts';
import { DatabaseSync } from '../../src/sqlite/binding.ts';
import { describeWal, describeWalIndex } from '../../src/wal/describe.ts';
import { encodeFrames, startWal } from '../../src/wal/frames.ts';
import { runCli } from '../cli/run-cli.ts';
import { sampleRecord } from '../redo/pages.ts';
import { tried } from './fuzzing.ts';
import { damaged, edits, parameters } from './mutations.ts';

const dir = mkdtempSync(join(tmpdir(), 'paceline-fuzz-'));
const file = join(dir, 'file');
after(() => rmSync(dir, { recursive: true, force: true }));

const CODES = [
  'RECORD_DAMAGED',
  'PROTOCOL_MISMATCH',
  'LOG_DAMAGED',
  'OPTIONS_INVALID',
  'DATABASE_DAMAGED',
] as const;

function someWal(): Uint8Array {
  const { header, tail } = startWal(512, 1, 2, 3);
  const image = new Uint8Array(512).fill(7);
  return new Uint8Array(Buffer.concat([header, encodeFrames(tail, [{ pgno: 1, image }], 1)]));
}

function somePayload(): Uint8Array {
  return encodeEnvelope([{ kind: 1, mustUnderstand: true, bytes: encodeRedo(sampleRecord()) }]);
}

test('every kind of dump of any file is text or a clear error', () => {
  const starts = [
    someWal(),
    somePayload(),
    Buffer.from('PCLNBAS1\0\0\0\x01'),
    Buffer.from('PCLNLOG1\0\0\0\x01'),
  ];
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 600 }),
    fc.tuple(fc.constantFrom(...starts), edits).map(([some, changes]) => damaged(some, changes)),
  );
  const property = fc.property(content, fc.nat(5), (some, index) => {
    writeFileSync(file, some);
    tried(() => [...dumpLog(file)], []);
    withFileSource(file, (source) => {
      tried(() => [...describeWal(source)], CODES);
      tried(() => [...describeWalIndex(source.read)], CODES);
      tried(() => [...describePayload(source.read(0, source.size))], CODES);
      tried(() => findPayload(source, index), CODES);
    });
  });
  fc.assert(property, parameters(1000));
});

/** A database of several tables, with overflow pages; made once. */
function someDatabase(): Uint8Array {
  const path = join(dir, 'made.db');
  const db = new DatabaseSync(path);
  db.exec(
    "PRAGMA page_size=512; CREATE TABLE _paceline(id INTEGER PRIMARY KEY, cluster TEXT, format INT, term INT, idx INT); INSERT INTO _paceline VALUES (1, 'c', 1, 2, 3)",
  );
  db.exec(
    'CREATE TABLE t(x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60) INSERT INTO t SELECT hex(zeroblob(i * 20)) FROM n',
  );
  db.close();
  return new Uint8Array(readFileSync(path));
}

test('what verify reads of any file is rows or damage, and it comes to an end', () => {
  const database = someDatabase();
  const property = fc.property(edits, fc.boolean(), (changes, withWal) => {
    writeFileSync(file, damaged(database, changes));
    writeFileSync(`${file}-wal`, withWal ? damaged(someWal(), changes) : new Uint8Array(0));
    tried(() => {
      const stored = openStoredDatabase(file);
      try {
        let rows = 0;
        for (const _ of readTableRows(stored, 1)) if (++rows > 10_000) break;
        assert.ok(rows <= 10_000, 'more rows than the file can hold');
      } finally {
        stored.close();
      }
    }, CODES);
  });
  fc.assert(property, parameters(400));
});

test('the command says what is wrong with a file, in one line, and ends with a status that is not 0', async () => {
  writeFileSync(file, 'certainly none of these formats');
  for (const kind of ['wal', 'wal-index', 'log', 'redo']) {
    for (const path of [file, dir, join(dir, 'missing')]) {
      const { code, stdout, stderr } = await runCli(['dump', kind, path]);
      assert.ok(
        !/at .*\.js:\d+|INTERNAL|AssertionError/.test(stderr),
        `${kind} ${path}: ${stderr}`,
      );
      assert.ok(stdout !== '' || (code !== 0 && stderr !== ''), `${kind} ${path}: ${code}`);
    }
  }
});
