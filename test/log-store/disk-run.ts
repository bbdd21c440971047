import assert from 'node:assert/strict';
import type { PacelineError } from '../../src/base/errors.ts';
import { Prng } from '../../src/base/prng.ts';
import type { DiskCall, DiskFault } from '../../src/log-store/disk-calls.ts';
import type { FileLog } from '../../src/log-store/file.ts';
import { MemoryDisk } from '../../src/log-store/memory-disk.ts';
import { Agenda } from './agenda.ts';
import { baseAt, change, contents, entry, open } from './fixtures.ts';
import { HistoryModel } from './history-model.ts';

export const DIR = '/log';

export type Fault = (call: DiskCall) => DiskFault | null;

/** A log on a MemoryDisk that one seed drives, and the model that says what may be left of it. */
export class DiskRun {
  readonly model = new HistoryModel();
  readonly random: Prng;
  readonly failures: PacelineError[] = [];
  disk: MemoryDisk;
  log: FileLog | null = null;
  fault: Fault = () => null;
  readonly #agenda = new Agenda();
  readonly #what: string;

  constructor(seed: number, what: string) {
    this.#what = what;
    this.random = new Prng(seed);
    this.disk = new MemoryDisk({
      random: new Prng(seed ^ 0x5eed),
      later: this.#agenda.later,
      fault: (call) => this.fault(call),
    });
    this.disk.latencyMs = { min: 0, max: 3 };
  }

  /** Opens the log, and compares what it finds with the model; false when the disk stopped before. */
  async open(): Promise<boolean> {
    this.log = null;
    const { disk, random, failures } = this;
    const opening = open(DIR, {
      disk,
      later: this.#agenda.later,
      newSalt: () => random.next(),
      segmentBytesMax: 420,
      flushBytesMax: 300,
      sealDelayMs: random.between(1, 40),
      cacheBytesMax: 1,
      onFailure: (error) => failures.push(error),
    });
    const log = await Promise.race([opening, this.quiet().then(() => null)]);
    // A segment prepared beside the open may have met the stop.
    if (log === null || disk.halted) return false;
    this.model.reopened(contents(log), this.#what);
    this.log = log;
    return true;
  }

  /** One thing handed over, and perhaps some time for it. */
  async step(): Promise<void> {
    const { random } = this;
    const log = this.log!;
    const next = random.between(1, 20);
    if (next === 1) this.#reset(log);
    else if (next <= 3 && log.lastIndex > log.base.index) this.#compact(log);
    else this.#write(log);
    if (random.chance(0.4)) await this.quiet();
  }

  /** Everything that can happen has happened: done, or stopped with the disk. */
  quiet(): Promise<void> {
    return this.#agenda.quiet();
  }

  /** The next process finds what the loss of power, or a kill, has left. */
  crash(): void {
    this.fault = () => null;
    this.log = null;
    this.disk = this.random.chance(0.7) ? this.disk.afterPowerLoss() : this.disk.afterKill();
  }

  #write(log: FileLog): void {
    const { random } = this;
    const truncates = random.chance(0.15) && log.lastIndex > log.base.index;
    const from = truncates ? random.between(log.base.index + 1, log.lastIndex) : null;
    const votes = truncates || random.chance(0.2);
    const { term: now, commit } = log.hardState;
    const hardState = votes
      ? { term: now + 1, vote: random.chance(0.7) ? 'a' : null, commit }
      : null;
    const term = Math.max(hardState?.term ?? now, log.term(log.lastIndex) ?? 0);
    const first = from ?? log.lastIndex + 1;
    const count = random.between(0, 3);
    const entries = Array.from({ length: count }, (_, i) =>
      entry(first + i, term, random.between(0, 90)),
    );
    const parts = change({ truncateFrom: from, entries, hardState });
    log.write(parts, this.#once(this.model.write(parts)));
  }

  #compact(log: FileLog): void {
    const index = this.random.between(log.base.index + 1, log.lastIndex);
    const base = baseAt(index, log.term(index)!, `compacted ${index}`);
    this.model.compact(base);
    log.compact(base);
  }

  #reset(log: FileLog): void {
    const base = baseAt(log.lastIndex + 5, log.hardState.term + 1, 'reset');
    const parts = change({ hardState: { ...log.hardState, term: base.id.term, vote: null } });
    log.write(parts, this.#once(this.model.write(parts)));
    log.reset(base, this.#once(this.model.reset(base)));
  }

  /** Nothing is acknowledged after a failure. */
  #once(done: () => void): () => void {
    return () => {
      assert.equal(this.failures.length, 0, `${this.#what}: acknowledged after a failure`);
      done();
    };
  }
}

export function stopAt(number: number): Fault {
  return (call) => (call.number === number ? 'stop' : null);
}

/** Some steps; ends early when the disk stops or the store fails. */
export async function work(run: DiskRun, steps: number): Promise<void> {
  for (let i = 0; i < steps && !run.disk.halted && run.failures.length === 0; i++) await run.step();
  await run.quiet();
}

/** Opens what is left, stopped again and again in the middle of it. */
export async function recover(run: DiskRun): Promise<void> {
  for (let tries = 0; ; tries++) {
    if (tries < 3) run.fault = stopAt(run.disk.calls + run.random.between(1, 14));
    if (await run.open()) return;
    assert.ok(tries < 3, 'the open ends when nothing stops it');
    run.crash();
  }
}
