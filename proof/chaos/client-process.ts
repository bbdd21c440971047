/** Clients of a chaos run, in a process of their own: does each task and says what came of it. */
import type { Database } from '../../src/api/database.ts';
import { PacelineError } from '../../src/base/errors.ts';
import { createClient } from '../../src/client/client.ts';
import { isRead } from '../history/operation.ts';
import { performRead, performWrite } from '../workload/perform.ts';
import { type Done, machineMs, type Task } from './ipc.ts';
import { LIMITS } from './limits.ts';

const handles = new Map<number, Database>();

function handleOf({ client, urls, attemptsMax }: Task): Database {
  const known = handles.get(client);
  if (known !== undefined) return known;
  const handle = createClient(urls, { timeoutMs: LIMITS.operationTimeoutMs, attemptsMax });
  handles.set(client, handle);
  return handle;
}

/** The same, telling of each error: its code says more than the outcome. */
function watched(
  database: Database,
  onError: (error: PacelineError) => void,
): Pick<Database, 'execute' | 'batch' | 'query'> {
  const watch = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof PacelineError) onError(error);
      throw error;
    }
  };
  return {
    execute: (...args) => watch(database.execute(...args)),
    batch: (...args) => watch(database.batch(...args)),
    query: (...args) => watch(database.query(...args)),
  };
}

async function run(task: Task): Promise<Done> {
  const { key, action, id, reading } = task;
  const errors: PacelineError[] = [];
  const called = machineMs();
  const database = watched(handleOf(task), (error) => errors.push(error));
  const { outcome, position } = isRead(action)
    ? await performRead(({ sql, args }) => database.query(sql, args, reading), action)
    : await performWrite(database, action, { id });
  const returned = machineMs();
  const [error] = errors;
  const said =
    error === undefined
      ? null
      : { code: error.code, message: error.message, sqlite: error.sqlite?.code ?? null };
  return { key, called, returned, outcome, position, error: said };
}

process.on('message', (task: Task) => {
  // What is thrown here is a fault of this program, or an answer that makes no sense: it ends the process.
  run(task).then((done) => {
    if (process.connected) process.send!(done);
  });
});
process.on('disconnect', () => process.exit());
