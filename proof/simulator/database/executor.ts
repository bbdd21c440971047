import type { Statement } from '../../../src/api/request.ts';
import { decodeError, decodeResults, encodeError, encodeResults } from '../../../src/api/wire.ts';
import { assert, must } from '../../../src/base/assert.ts';
import { type ErrorRecord, PacelineError } from '../../../src/base/errors.ts';
import type { EntryId } from '../../../src/raft/entry.ts';
import type { EngineParts } from '../../../src/sqlite/engine-parts.ts';
import type { BatchRun, ExecutorLimits, Outcome, Write } from '../../../src/sqlite/executor.ts';
import type { Kept, KeptAnswer } from '../../../src/sqlite/own-tables.ts';
import type { RanStatement } from '../../../src/sqlite/statement-runner.ts';
import { type DatabaseFiles, POSITION_PGNO } from './files.ts';
import { countersIn, positionPage } from './position-row.ts';
import { Rows } from './rows.ts';
import { runStatement } from './statements.ts';

/** How a kept answer begins. */
const DONE = 'done';
const REFUSED = 'refused';

type BatchRunner = ReturnType<EngineParts['executor']>;

/** SQLite's time limit of a batch, in writes: there is no time inside a step of the simulation. */
export const BATCH_WRITES_MAX = 16;

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

  /** The tables of the workloads have no foreign keys. */
  enforceForeignKeys(): void {
    assert(!this.#open, 'foreign keys are switched between transactions');
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

  run(writes: readonly Write[], position: EntryId): BatchRun | null {
    try {
      return this.#runAndCommit(writes, position);
    } catch (error) {
      if (!(error instanceof PacelineError)) throw error;
      this.end();
      this.begin();
      this.reload();
      return { outcomes: writes.map(() => ({ error: error.toRecord() })), wrote: false };
    }
  }

  #runAndCommit(writes: readonly Write[], position: EntryId): BatchRun {
    const outcomes: Outcome[] = [];
    let wrote = false;
    for (const write of writes.slice(0, BATCH_WRITES_MAX)) {
      const { outcome, changed } = this.#runWrite(write, position);
      outcomes.push(outcome);
      wrote ||= changed;
    }
    if (!wrote) return { outcomes, wrote };
    this.#commit(position);
    return { outcomes, wrote };
  }

  #runWrite(write: Write, position: EntryId): { outcome: Outcome; changed: boolean } {
    const { statements, id, asks } = write;
    const known = id === null ? null : this.find(id);
    if (known !== null) return { outcome: known, changed: false };
    if (asks === true) return { outcome: { error: notKnown(), position }, changed: true };
    const savepoint = this.#rows.savepoint;
    try {
      const ran = statements.map((statement) => runStatement(this.#rows, statement));
      const results = ran.map(({ result }) => result);
      if (id !== null) this.#keep(id, position, { results });
      return { outcome: { results, position }, changed: true };
    } catch (error) {
      if (!(error instanceof PacelineError)) throw error;
      this.#rows.rollBackTo(savepoint);
      const refusal = { error: error.toRecord() };
      if (error.category !== 'rejected' || (id === null && error.sqlite === undefined))
        return { outcome: refusal, changed: false };
      if (id !== null) this.#keep(id, position, refusal);
      return { outcome: { ...refusal, position }, changed: true };
    }
  }

  start(): void {}

  step(statements: readonly Statement[], _readOnly: boolean): RanStatement[] {
    const savepoint = this.#rows.savepoint;
    try {
      return statements.map((statement) => runStatement(this.#rows, statement));
    } catch (error) {
      this.#rows.rollBackTo(savepoint);
      throw error;
    }
  }

  finish(id: string, position: EntryId): void {
    try {
      this.#keep(id, position, { results: [] });
      this.#commit(position);
    } catch (error) {
      this.undo();
      throw error;
    }
  }

  undo(): void {
    this.end();
    this.begin();
    this.reload();
  }

  /** The first answer to this id. */
  find(id: string): KeptAnswer | null {
    const kept = this.#rows.get(`q0.${id}`) ?? this.#rows.get(`q1.${id}`);
    if (kept === null) return null;
    const [term, index, kind, answer] = kept.split(' ', 4);
    const bytes = Buffer.from(must(answer, 'a kept answer'), 'base64');
    const position = { term: Number(term), index: Number(index) };
    if (kind === REFUSED) return { position, error: decodeError(bytes) };
    return { position, results: decodeResults(bytes) };
  }

  #keep(id: string, { term, index }: EntryId, answer: Kept): void {
    if (this.#kept >= this.#idsKept) {
      this.#generation = 1 - this.#generation;
      this.#kept = 0;
      this.#rows.removeAll(`q${this.#generation}.`);
    }
    this.#kept++;
    const refused = 'error' in answer;
    const bytes = refused ? encodeError(answer.error) : encodeResults(answer.results);
    const text = `${term} ${index} ${refused ? REFUSED : DONE} ${Buffer.from(bytes).toString('base64')}`;
    this.#rows.set(`q${this.#generation}.${id}`, text);
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

function notKnown(): ErrorRecord {
  return new PacelineError('NOT_KNOWN', 'nothing is recorded under this request id').toRecord();
}
