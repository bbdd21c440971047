import type { Statement } from '../api/request.ts';
import type { SqlArgs } from '../api/value.ts';
import type { DirectWrite } from './protocol.ts';
import type { QueuedWrite } from './write-queue.ts';

/**
 * Writes and plain answers cross between threads in flat lists: copying an object with named fields for each of them
 * would cost more than running it. A write is five items: key, request id, whether it may be acknowledged before it is
 * committed, SQL text, arguments; for a batch the text is null and the statements are in the place of the arguments.
 */
export type FlatWrites = unknown[];

export function pushWrite(
  flat: FlatWrites,
  { key, id, statements }: DirectWrite,
  mayBeLost = false,
): void {
  const [only] = statements;
  const isOne = statements.length === 1 && only !== undefined;
  if (isOne) flat.push(key, id, mayBeLost, only.sql, only.args);
  else flat.push(key, id, mayBeLost, null, statements);
}

export function* eachWrite(flat: FlatWrites): Generator<QueuedWrite> {
  for (let i = 0; i < flat.length; i += 5) {
    const mayBeLost = flat[i + 2] as boolean;
    const sql = flat[i + 3] as string | null;
    const last = flat[i + 4];
    const statements =
      sql === null
        ? (last as Statement[])
        : [last === undefined ? { sql } : { sql, args: last as SqlArgs }];
    const [key, id] = [flat[i] as number, flat[i + 1] as string | null];
    yield { key, id, mayBeLost, statements, from: 'app' };
  }
}
