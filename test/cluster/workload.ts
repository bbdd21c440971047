import assert from 'node:assert/strict';
import type { Database } from '../../src/api/database.ts';
import { PacelineError, type Position } from '../../src/index.ts';
import { MemberDied } from './member.ts';

/** No unique key: a write that took effect twice must show. */
export const CREATE =
  'CREATE TABLE w(n INTEGER PRIMARY KEY, key TEXT NOT NULL, v INTEGER, pad TEXT)';
export const CREATE_INDEX = 'CREATE INDEX w_by_v ON w(v)';
const INSERT = 'INSERT INTO w(key, v, pad) VALUES (?, ?, ?)';
const PAD = 'p'.repeat(60);

/** Codes that say: it certainly did not happen. */
const NOT_DONE = new Set(['NO_LEADER', 'OVERLOADED', 'NOT_READY', 'DATABASE_BUSY', 'CLOSED']);

/** Clients that write one row after another, and remember what they were told about each. */
export class Workload {
  readonly acknowledged = new Map<string, Position>();
  readonly unknown = new Set<string>();
  readonly notDone = new Set<string>();
  /** Codes of all writes that were not acknowledged. */
  readonly failures: string[] = [];
  #next = 1;
  #stopped = false;
  #clients: Promise<void>[] = [];

  /** Starts `clients` of them through each of the members. A client whose member dies ends. */
  through(members: readonly Database[], clients = 4, timeoutMs = 15_000): void {
    for (const member of members)
      for (let i = 0; i < clients; i++) this.#clients.push(this.#client(member, timeoutMs));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients);
  }

  async #client(member: Database, timeoutMs: number): Promise<void> {
    while (!this.#stopped) if (!(await this.#write(member, timeoutMs))) return;
  }

  async #write(member: Database, timeoutMs: number): Promise<boolean> {
    const number = this.#next++;
    const key = `k${number}`;
    try {
      const args = [key, (number * 7919) % 10_007, PAD];
      const { position } = await member.execute(INSERT, args, { id: key, timeoutMs });
      this.acknowledged.set(key, position);
      return true;
    } catch (error) {
      this.#failed(key, error);
      return !(error instanceof MemberDied);
    }
  }

  #failed(key: string, error: unknown): void {
    if (error instanceof MemberDied) {
      this.unknown.add(key);
      return;
    }
    if (!(error instanceof PacelineError)) throw error;
    this.failures.push(error.code);
    if (NOT_DONE.has(error.code)) this.notDone.add(key);
    else if (error.code === 'OUTCOME_UNKNOWN') this.unknown.add(key);
    else throw error;
  }

  /** Every acknowledged write is there, none is there twice, and none that was said not to have happened (I4, I9, I10). */
  async verify(member: Database): Promise<void> {
    const { rows } = await member.query('SELECT key, count(*) FROM w GROUP BY key');
    const counts = new Map(rows.map(([key, count]) => [key as string, count as number]));
    const lost = [...this.acknowledged.keys()].filter((key) => !counts.has(key));
    const twice = [...counts].filter(([, count]) => count > 1);
    const undead = [...this.notDone].filter((key) => counts.has(key));
    const strange = [...counts.keys()].filter(
      (key) => !this.acknowledged.has(key) && !this.unknown.has(key),
    );
    const found = { lost, twice, undead, strange };
    assert.deepEqual(found, { lost: [], twice: [], undead: [], strange: [] });
    assert.ok(this.acknowledged.size > 0, 'writes were acknowledged');
  }
}
