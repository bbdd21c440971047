import type { StatementResult } from '../../../src/api/request.ts';
import { decodeResults, encodeResults } from '../../../src/api/wire.ts';
import { assert, must } from '../../../src/base/assert.ts';
import { PacelineError } from '../../../src/base/errors.ts';
import type { EntryId } from '../../../src/raft/entry.ts';
import type { EngineParts } from '../../../src/sqlite/engine.ts';
import type { BatchRun, ExecutorLimits, Outcome, Write } from '../../../src/sqlite/executor.ts';
import { type DatabaseFiles, POSITION_PGNO } from './files.ts';
import { countersIn, positionPage } from './position-row.ts';
import { Rows } from './rows.ts';
import { runStatement } from './statements.ts';

type BatchRunner = ReturnType<EngineParts['executor']>;

/** SQLite's time limit of a batch, in writes: there is no time inside a step of the simulation. */
const BATCH_WRITES_MAX = 16;

/**
 * The twin of `Executor`: runs the workloads' statements on rows in pages, many writes in one commit. Keeps answers
 * to request ids as `OwnTables` does: two generations that change places.
 */
export class SimExecutor implements BatchRunner {
  readonly #files: DatabaseFiles;
  readonly #rows: Rows;
  readonly #idsKept: number;
  #cluster = '';
  #generation = 0;
  #kept = 0;
  #open = false;

  constructor(files: DatabaseFiles, { requestIdsKept }: Pick<ExecutorLimits, 'requestIdsKept'>) {
    this.#files = files;
    this.#rows = new Rows(files);
    this.#idsKept = requestIdsKept;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  begin(): void {
    assert(!this.#open, 'a transaction within a transaction');
    this.#open = true;
  }

  end(): void {
    this.#rows.rollBack();
    this.#open = false;
  }

  reload(): void {
    const page = this.#files.page(POSITION_PGNO);
    const counters = this.#files.databasePages < POSITION_PGNO ? null : countersIn(page);
    this.#generation = counters?.generation ?? 0;
    this.#kept = counters?.kept ?? 0;
  }

  startTerm(cluster: string, position: EntryId): void {
    this.#cluster = cluster;
    this.reload();
    this.#commit(position);
  }

  run(writes: readonly Write[], position: EntryId, current: EntryId): BatchRun | null {
    try {
      return this.#runAndCommit(writes, position, current);
    } catch (error) {
      if (!(error instanceof PacelineError)) throw error;
      this.end();
      this.begin();
      this.reload();
      return { outcomes: writes.map(() => ({ error: error.toRecord() })), wrote: false };
    }
  }

  #runAndCommit(writes: readonly Write[], position: EntryId, current: EntryId): BatchRun {
    const outcomes: Outcome[] = [];
    let wrote = false;
    for (const write of writes.slice(0, BATCH_WRITES_MAX)) {
      const { outcome, changed } = this.#runWrite(write, position);
      outcomes.push(outcome);
      wrote ||= changed;
    }
    if (!wrote) return { outcomes: outcomes.map((o) => asOf(o, position, current)), wrote };
    this.#commit(position);
    return { outcomes, wrote };
  }

  #runWrite({ statements, id }: Write, position: EntryId): { outcome: Outcome; changed: boolean } {
    const known = id === null ? null : this.find(id);
    if (known !== null) return { outcome: known, changed: false };
    const savepoint = this.#rows.savepoint;
    try {
      const ran = statements.map((statement) => runStatement(this.#rows, statement));
      const results = ran.map(({ result }) => result);
      if (id !== null) this.#keep(id, position, results);
      const changed = id !== null || ran.some(({ writes }) => writes);
      return { outcome: { results, position }, changed };
    } catch (error) {
      if (!(error instanceof PacelineError)) throw error;
      this.#rows.rollBackTo(savepoint);
      return { outcome: { error: error.toRecord() }, changed: false };
    }
  }

  /** The first answer to this id. */
  find(id: string): Outcome | null {
    const kept = this.#rows.get(`q0.${id}`) ?? this.#rows.get(`q1.${id}`);
    if (kept === null) return null;
    const [term, index, results] = kept.split(' ', 3);
    return {
      position: { term: Number(term), index: Number(index) },
      results: decodeResults(Buffer.from(must(results, 'kept results'), 'base64')),
    };
  }

  #keep(id: string, { term, index }: EntryId, results: readonly StatementResult[]): void {
    if (this.#kept >= this.#idsKept) {
      this.#generation = 1 - this.#generation;
      this.#kept = 0;
      this.#rows.removeAll(`q${this.#generation}.`);
    }
    this.#kept++;
    const bytes = Buffer.from(encodeResults(results)).toString('base64');
    this.#rows.set(`q${this.#generation}.${id}`, `${term} ${index} ${bytes}`);
  }

  #commit(position: EntryId): void {
    const { pages, databasePages } = this.#rows.changedPages();
    const counters = { generation: this.#generation, kept: this.#kept };
    const row = { ...position, ...counters, cluster: this.#cluster };
    const own = { pgno: POSITION_PGNO, image: positionPage(row, this.#files.pageSize) };
    const others = pages.filter(({ pgno }) => pgno !== POSITION_PGNO);
    const sorted = [...others, own].sort((a, b) => a.pgno - b.pgno);
    this.#files.append(sorted, databasePages, true);
    this.#rows.committed();
    this.#open = false;
  }
}

/** Nothing was committed at `position`, so an answer made for it is true as of `current`. */
function asOf(outcome: Outcome, position: EntryId, current: EntryId): Outcome {
  if ('error' in outcome || outcome.position.index !== position.index) return outcome;
  return { ...outcome, position: current };
}
