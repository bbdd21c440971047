import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PacelineError } from '../../src/base/errors.ts';
import { Prng } from '../../src/base/prng.ts';
import { decodeEntry, decodeHardState } from '../../src/log-store/record-body.ts';
import { scanSegment } from '../../src/log-store/scan.ts';
import { decodeSegmentHeader } from '../../src/log-store/segment-header.ts';
import type { Entry, HardState } from '../../src/raft/entry.ts';
import { type Contents, contents, entriesFrom, open, written } from './fixtures.ts';
import { copyDirectory, scratchDirectory } from './scratch.ts';

const FIRST = '0000000000000001.log';

/**
 * A small log as a crash leaves it: synced, not closed. Its last write is one flush of several
 * records.
 */
async function smallLog(): Promise<string> {
  const live = scratchDirectory();
  const log = await open(live);
  await written(log, { entries: entriesFrom(1, 3, 1, 20) });
  await written(log, { hardState: { term: 2, vote: 'b', commit: 2 } });
  await written(log, { truncateFrom: 3, entries: entriesFrom(3, 2, 2, 30) });
  const hardState = { term: 3, vote: 'a', commit: 3 };
  await written(log, { truncateFrom: 4, entries: entriesFrom(4, 3, 3, 15), hardState });
  const dir = copyDirectory(live);
  await log.close();
  return dir;
}

interface State {
  readonly end: number;
  readonly entries: readonly Entry[];
  readonly hardState: HardState;
}

/** The log's state behind each of its records, by the records alone. */
function statesOf(file: string): State[] {
  const bytes = new Uint8Array(readFileSync(file));
  const { salt } = decodeSegmentHeader(bytes, file);
  const states: State[] = [];
  let entries: Entry[] = [];
  let hardState: HardState = { term: 0, vote: null, commit: 0 };
  const push = (end: number): number => states.push({ end, entries, hardState });
  scanSegment(bytes, salt, (at, header, body) => {
    if (header.type === 'hard-state') hardState = decodeHardState(header, body);
    if (header.type === 'truncate') entries = entries.slice(0, header.index - 1);
    if (header.type === 'entry') entries = [...entries, decodeEntry(header, body)];
    push(at + 36 + body.length);
  });
  return states;
}

function withCommitBounded(state: State): HardState {
  return { ...state.hardState, commit: Math.min(state.hardState.commit, state.entries.length) };
}

/** Opens, compares, writes one entry more, and finds that one, too, after reopening. */
async function opensWith(dir: string, state: State, what: string): Promise<void> {
  const log = await open(dir);
  assert.deepEqual(contents(log).entries, state.entries, what);
  assert.deepEqual(log.hardState, withCommitBounded(state), what);
  const added = entriesFrom(log.lastIndex + 1, 1, 9);
  await written(log, { entries: added });
  const crashed = copyDirectory(dir);
  await log.close();
  const again = await open(crashed);
  assert.deepEqual(contents(again).entries, [...state.entries, ...added], what);
  await again.close();
}

test('a log torn at any byte holds exactly its whole records, and takes writes again', async () => {
  const dir = await smallLog();
  const states = statesOf(join(dir, FIRST));
  const sound = readFileSync(join(dir, FIRST));
  for (let cut = 0; cut <= states.at(-1)!.end; cut++) {
    const torn = copyDirectory(dir);
    // Alternately a file cut short and a pre-allocated one whose rest was never written.
    const rest = cut % 2 === 0 ? 0 : sound.length - cut;
    const bytes = Buffer.concat([sound.subarray(0, cut), Buffer.alloc(rest)]);
    writeFileSync(join(torn, FIRST), bytes);
    // Zeros may happen to be what was written.
    const same = bytes.findIndex((byte, at) => byte !== sound[at]);
    const kept = rest === 0 || same === -1 ? cut : same;
    const state = states.findLast((each) => each.end <= kept);
    if (state === undefined) await assert.rejects(open(torn), /is damaged/, `cut at ${cut}`);
    else await opensWith(torn, state, `cut at ${cut}`);
  }
});

test('a torn last flush with a hole in it is cut at the hole', async () => {
  const dir = await smallLog();
  const states = statesOf(join(dir, FIRST));
  const bytes = readFileSync(join(dir, FIRST));
  const hole = states.at(-3)!;
  bytes.fill(0, hole.end, hole.end + 20);
  writeFileSync(join(dir, FIRST), bytes);
  await opensWith(dir, hole, 'hole');
});

interface Flip {
  readonly dir: string;
  readonly file: string;
  readonly byte: number;
}

function flipOneBit(random: Prng, from: string): Flip {
  const dir = copyDirectory(from);
  const names = readdirSync(dir);
  const file = join(dir, names[random.between(0, names.length - 1)]!);
  const bytes = readFileSync(file);
  const used = Math.max(40, bytes.findLastIndex((each) => each !== 0) + 1);
  const byte = random.between(0, Math.min(used, bytes.length) - 1);
  bytes[byte]! ^= 1 << random.between(0, 7);
  writeFileSync(file, bytes);
  return { dir, file, byte };
}

/** The contents, or the refusal, which must say where and what. */
async function openFlipped(flip: Flip, what: string): Promise<Contents | null> {
  try {
    const log = await open(flip.dir, { cacheBytesMax: 1 });
    const found = contents(log);
    await log.close();
    return found;
  } catch (error) {
    assert.ok(error instanceof PacelineError, `${what}: ${String(error)}`);
    assert.match(error.code, /^(LOG|HARD_STATE)_DAMAGED$/, what);
    assert.ok(error.message.includes(flip.dir), `${what}: ${error.message}`);
    assert.match(error.message, /at byte \d+/, what);
    return null;
  }
}

async function manySegments(sealed: boolean): Promise<{ dir: string; whole: Contents }> {
  const live = scratchDirectory();
  const log = await open(live, { segmentBytesMax: 600 });
  for (let i = 0; i < 12; i++) {
    const hardState = { term: i + 1, vote: 'a', commit: i };
    await written(log, { entries: entriesFrom(i * 3 + 1, 3, i + 1, 25), hardState });
  }
  await written(log, { truncateFrom: 30, entries: entriesFrom(30, 2, 12, 25) });
  const crashed = copyDirectory(live);
  const whole = contents(log);
  await log.close();
  return { dir: sealed ? live : crashed, whole };
}

test('a bit flip anywhere in a closed log is refused or without effect', async () => {
  const { dir, whole } = await manySegments(true);
  let refused = 0;
  for (let seed = 1; seed <= 400; seed++) {
    const flip = flipOneBit(new Prng(seed), dir);
    const what = `seed ${seed}: ${flip.file} byte ${flip.byte}`;
    const found = await openFlipped(flip, what);
    if (found === null) refused++;
    else assert.deepEqual(found, whole, what);
  }
  assert.ok(refused > 300, `${refused} refused`);
});

test('a bit flip in a crashed log costs at most the last flush, and never alters an entry', async () => {
  const { dir, whole } = await manySegments(false);
  for (let seed = 1; seed <= 400; seed++) {
    const flip = flipOneBit(new Prng(seed), dir);
    const what = `seed ${seed}: ${flip.file} byte ${flip.byte}`;
    const found = await openFlipped(flip, what);
    if (found === null) continue;
    // The last flush truncates from 30; without it the log went on to 36.
    const common = found.entries.slice(0, 29);
    assert.deepEqual(common, whole.entries.slice(0, 29), what);
    assert.equal(found.hardState.term, 12, what);
    for (const { index, term } of found.entries.slice(29)) {
      assert.ok(term === Math.ceil(index / 3) || term === 12, what);
    }
  }
});

test('every flipped bit of a length field in the middle is refused with its place', async () => {
  const dir = await smallLog();
  const states = statesOf(join(dir, FIRST));
  const sound = readFileSync(join(dir, FIRST));
  const record = states[2]!.end;
  for (let bit = 0; bit < 32; bit++) {
    const copy = copyDirectory(dir);
    const bytes = Buffer.from(sound);
    bytes[record + 8 + (bit >> 3)]! ^= 1 << (bit & 7);
    writeFileSync(join(copy, FIRST), bytes);
    const place = new RegExp(`${FIRST} is damaged at byte ${record}:`);
    await assert.rejects(open(copy), { code: 'LOG_DAMAGED', message: place });
  }
});

test('a damaged vote is refused as HARD_STATE_DAMAGED', async () => {
  const dir = await smallLog();
  const states = statesOf(join(dir, FIRST));
  const at = states.findIndex((state) => state.hardState.term === 2);
  const bytes = readFileSync(join(dir, FIRST));
  bytes[states[at]!.end - 1]! ^= 1;
  writeFileSync(join(dir, FIRST), bytes);
  await assert.rejects(open(dir), { code: 'HARD_STATE_DAMAGED' });
});

test('a missing or shortened segment, and a missing base file, are refused', async () => {
  const { dir } = await manySegments(true);
  const names = readdirSync(dir).filter((name) => name.endsWith('.log'));
  assert.ok(names.length > 3);
  const { rmSync } = await import('node:fs');
  for (const name of [...names.slice(0, -1), 'base']) {
    const copy = copyDirectory(dir);
    rmSync(join(copy, name));
    assert.ok(!existsSync(join(copy, name)));
    await assert.rejects(open(copy), { code: 'LOG_DAMAGED', message: /missing/ }, name);
  }
  for (const name of names.slice(0, -2)) {
    const copy = copyDirectory(dir);
    const states = statesOf(join(copy, name));
    const cut = states.at(-2)!.end;
    writeFileSync(join(copy, name), readFileSync(join(copy, name)).subarray(0, cut));
    await assert.rejects(open(copy), { code: 'LOG_DAMAGED', message: /continues from/ }, name);
  }
});

test('bytes of an older use of a file are never taken for records', async () => {
  const dir = await smallLog();
  const other = await smallLog();
  const ours = readFileSync(join(dir, FIRST));
  const states = statesOf(join(dir, FIRST));
  const theirs = readFileSync(join(other, FIRST));
  const middle = states[3]!;
  theirs.copy(ours, middle.end, middle.end);
  writeFileSync(join(dir, FIRST), ours);
  await opensWith(dir, middle, 'foreign tail');
});

test('after a torn write was cut off, the segment can be filled and left behind', async () => {
  const dir = await smallLog();
  const states = statesOf(join(dir, FIRST));
  const bytes = readFileSync(join(dir, FIRST));
  bytes.fill(0, states.at(-3)!.end, states.at(-3)!.end + 20);
  writeFileSync(join(dir, FIRST), bytes);
  const log = await open(dir, { segmentBytesMax: 600 });
  await written(log, { entries: entriesFrom(log.lastIndex + 1, 1, 9, 550) });
  assert.ok(readdirSync(dir).includes('0000000000000002.log'));
  const whole = contents(log);
  await log.close();
  const again = await open(dir);
  assert.deepEqual(contents(again), whole);
  await again.close();
});

test('a torn tail is damage when the next segment had been begun', async () => {
  const { dir } = await manySegments(false);
  const names = readdirSync(dir).filter((name) => name.endsWith('.log'));
  const used = names.filter((name) => statesOf(join(dir, name)).length > 0);
  const [previous, last] = [used.at(-2)!, used.at(-1)!];
  const torn = readFileSync(join(dir, last));
  torn[50]! ^= 1;
  writeFileSync(join(dir, last), torn.subarray(0, 80));
  const bytes = readFileSync(join(dir, previous));
  bytes[statesOf(join(dir, previous)).at(-1)!.end - 1]! ^= 1;
  writeFileSync(join(dir, previous), bytes);
  await assert.rejects(open(dir), { code: 'LOG_DAMAGED', message: new RegExp(previous) });
});

test('the loss of a vote at the end of a segment that is not the last is refused', async () => {
  const dir = scratchDirectory();
  const log = await open(dir, { segmentBytesMax: 300 });
  for (let term = 1; term < 10; term++)
    await written(log, { hardState: { term, vote: 'a', commit: 0 } });
  await log.close();
  const states = statesOf(join(dir, FIRST));
  const bytes = readFileSync(join(dir, FIRST));
  bytes.fill(0, states.at(-2)!.end);
  writeFileSync(join(dir, FIRST), bytes);
  await assert.rejects(open(dir), { code: 'LOG_DAMAGED', message: /continues from/ });
});
