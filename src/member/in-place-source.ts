import type { PrepareOptions } from '../api/read-options.ts';
import type { ColumnInfo } from '../api/reads.ts';
import type { QueryResult } from '../api/request.ts';
import type { SqlArgs, SqlValue } from '../api/value.ts';
import type { InPlaceReads } from './in-place-reads.ts';
import type { FirstRow, StatementSource } from './in-place-statement.ts';
import type { HeldState, OpenSnapshots } from './open-snapshots.ts';
import type { ReadRequest } from './read-request.ts';
import type { Session } from './session.ts';
import type { SharedState } from './shared-state.ts';
import type { OpenedReader, ThisCopy } from './this-copy.ts';

export interface InPlaceSourceParts {
  readonly shared: SharedState;
  readonly session: Session;
  readonly copy: ThisCopy;
  readonly inPlace: InPlaceReads;
  readonly snapshots: OpenSnapshots;
  readonly options: PrepareOptions;
  /** A request that begins now. */
  readonly request: () => ReadRequest;
}

/** This member's copy, as it is at each call, for statements in place. */
export class InPlaceSource implements StatementSource {
  readonly #parts: InPlaceSourceParts;

  constructor(parts: InPlaceSourceParts) {
    this.#parts = parts;
  }

  query(sql: string, args: SqlArgs | undefined): QueryResult {
    return this.#read((reader, schema) => reader.query(sql, args, schema));
  }

  first(sql: string, args: SqlArgs | undefined): FirstRow {
    return this.#read((reader, schema) => reader.first(sql, args, schema));
  }

  columns(sql: string): ColumnInfo[] {
    return this.#read((reader, schema) => reader.columns(sql, schema));
  }

  *iterate(sql: string, args: SqlArgs | undefined): Generator<readonly SqlValue[]> {
    const { inPlace, request, snapshots } = this.#parts;
    const held: { state: HeldState | null } = { state: null };
    try {
      const state = inPlace.read(request(), () => {
        held.state?.release();
        held.state = snapshots.hold();
        return held.state;
      });
      yield* state.iterate(sql, args);
    } finally {
      held.state?.release();
    }
  }

  #mayReadNow(): boolean {
    const { session, shared, options } = this.#parts;
    if (options.after !== undefined || shared.isNew) return false;
    return options.level === 'eventual' || session.isCurrent || session.look();
  }

  #read<T>(look: (reader: OpenedReader, schema: number) => T): T {
    const { shared, session, copy, inPlace, request } = this.#parts;
    const again = () => look(copy.reader, shared.schema);
    if (!this.#mayReadNow()) return inPlace.read(request(), again);
    const { undone } = shared;
    const value = again();
    const { visible } = shared;
    if (!shared.isCommitted(visible) || shared.undone !== undone)
      return inPlace.read(request(), again, { value, visible, undone });
    session.noteRead(visible);
    return value;
  }
}
