/**
 * The files of the log: every one of them with arbitrary and damaged bytes, and whole directories of them. That a single flipped bit is
 * never taken for an entry is in test/log-store/damage.test.ts. FUZZ_FACTOR=100 runs a hundred times as long; FUZZ_SEED repeats.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteWriter } from '../../src/base/bytes.ts';
import { PacelineError } from '../../src/base/errors.ts';
import { decodeBase, encodeBase } from '../../src/log-store/base-file.ts';
import { dumpLog } from '../../src/log-store/dump.ts';
import { RECORD_HEADER_BYTES, readHeader } from '../../src/log-store/record.ts';
import { scanSegment } from '../../src/log-store/scan.ts';
import { SEGMENT_HEADER_BYTES } from '../../src/log-store/segment-header.ts';
import { contents, entriesFrom, MEMBERS, open, written } from '../log-store/fixtures.ts';
import { copyDirectory, scratchDirectory } from '../log-store/scratch.ts';
import { decodeBody, SALT, sealEnd, segment, segmentOf } from './decoders/log.ts';
import { tried } from './fuzzing.ts';
import { damaged, edits, parameters } from './mutations.ts';

test('a scan of any segment ends at a place inside it, and every body is a value or damage', () => {
  const property = fc.property(segment, fc.option(edits), (whole, changes) => {
    const some = changes === null ? whole : damaged(whole, changes);
    const view = new DataView(some.buffer, some.byteOffset, some.length);
    if (some.length < SEGMENT_HEADER_BYTES) return;
    const end = scanSegment(some, SALT, (at, header, body) => {
      assert.deepEqual(readHeader(view, some, at, { salt: SALT, fileOffset: 0 }), header);
      assert.ok(at + RECORD_HEADER_BYTES + body.length <= some.length);
      tried(() => decodeBody(header, body), ['RECORD_DAMAGED']);
    });
    assert.ok(end.at >= SEGMENT_HEADER_BYTES && end.at <= some.length, `end at ${end.at}`);
  });
  fc.assert(property, parameters(1500));
});

/** A log of several segments, closed; made once. */
async function makeLog(): Promise<string> {
  const dir = scratchDirectory();
  const log = await open(dir, { segmentBytesMax: 600 });
  for (let i = 0; i < 8; i++) {
    const hardState = { term: i + 1, vote: 'a', commit: i };
    await written(log, { entries: entriesFrom(i * 2 + 1, 2, i + 1, 25), hardState });
  }
  await written(log, {
    truncateFrom: 15,
    entries: [{ index: 15, term: 9, membership: MEMBERS, data: new Uint8Array(9) }],
  });
  await log.close();
  return dir;
}

/** The log that is there, or the refusal, which names the directory. */
async function openAnyhow(dir: string): Promise<void> {
  try {
    const log = await open(dir, { cacheBytesMax: 1, create: undefined as never });
    contents(log);
    await log.close();
  } catch (error) {
    assert.ok(
      error instanceof PacelineError,
      `not an error of Paceline: ${(error as Error).stack}`,
    );
    assert.match(error.code, /^(LOG|HARD_STATE|RECORD)_DAMAGED$/, error.message);
  }
}

test('a directory with a file of arbitrary or damaged bytes opens, or is refused as damaged, and can be dumped', async () => {
  const sound = await makeLog();
  const names = readdirSync(sound).sort();
  const spoilt = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((some) => () => Uint8Array.from(some)),
    edits.map((changes) => (before: Uint8Array) => damaged(before, changes)),
    segment.map((whole) => () => whole),
    edits.map((changes) => (before: Uint8Array) => {
      const after = damaged(before, changes);
      sealEnd(after);
      return after;
    }),
  );
  const property = fc.asyncProperty(
    fc.array(fc.tuple(fc.nat(), spoilt), { minLength: 1, maxLength: 2 }),
    async (changes) => {
      const dir = copyDirectory(sound);
      try {
        for (const [which, change] of changes) {
          const file = join(dir, names[which % names.length]!);
          writeFileSync(file, change(readFileSync(file)));
          assert.ok([...dumpLog(file)].length > 0);
        }
        await openAnyhow(dir);
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
    },
  );
  await fc.assert(property, parameters(250));
});

test('sound records that contradict each other are damage: no segment 0, no term that goes back', async () => {
  const numbered = await makeLog();
  const base = join(numbered, 'base');
  const file = decodeBase(new Uint8Array(readFileSync(base)), base);
  writeFileSync(base, encodeBase({ ...file, firstSegment: 0 }));
  await assert.rejects(open(numbered), { code: 'LOG_DAMAGED', message: /the number 0/ });

  const dir = await makeLog();
  const [first, second] = readdirSync(dir)
    .filter((name) => name.endsWith('.log'))
    .sort();
  for (const name of readdirSync(dir))
    if (name > second! && name !== 'base') rmSync(join(dir, name));
  rmSync(join(dir, second!));
  const start = new ByteWriter().u32(0).u53(1).u53(0).u8(0).finish();
  const entry = { type: 'entry' as const, flags: 0, body: new Uint8Array(3) };
  const fresh = { type: 'start' as const, flags: 1, index: 0, term: 0, body: start };
  const records = [fresh, { ...entry, index: 1, term: 5 }, { ...entry, index: 2, term: 4 }];
  writeFileSync(join(dir, first!), segmentOf(records));
  await assert.rejects(open(dir), {
    code: 'LOG_DAMAGED',
    message: /of term 4 after one of term 5/,
  });
});
