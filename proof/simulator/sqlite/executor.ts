import type { EntryId } from '../../../src/raft/entry.ts';
import type { Connection } from '../../../src/sqlite/binding.ts';
import {
  type BatchRun,
  Executor,
  type ExecutorLimits,
  type Write,
} from '../../../src/sqlite/executor.ts';
import { BATCH_WRITES_MAX } from '../database/executor.ts';

/** The product's executor, without its clock. */
export class TimelessExecutor extends Executor {
  constructor(connection: Connection, limits: ExecutorLimits) {
    super(connection, { ...limits, batchMs: Number.POSITIVE_INFINITY });
  }

  override run(writes: readonly Write[], position: EntryId): BatchRun | null {
    return super.run(writes.slice(0, BATCH_WRITES_MAX), position);
  }
}
