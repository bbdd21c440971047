/** Clients of a chaos run, in a process of their own: does each task and says what came of it. */
import type { Database } from '../../src/api/database.ts';
import { PacelineError } from '../../src/base/errors.ts';
import { createClient } from '../../src/client/client.ts';
import { perform } from '../workload/perform.ts';
import { type Done, machineMs, type Task } from './ipc.ts';
import { LIMITS } from './limits.ts';

const clients = new Map<string, Database>();

function clientOf({ urls, attemptsMax }: Task): Database {
  const key = urls.join(' ');
  const known = clients.get(key);
  if (known !== undefined) return known;
  const client = createClient(urls, { timeoutMs: LIMITS.operationTimeoutMs, attemptsMax });
  clients.set(key, client);
  return client;
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
  const { key, action, id } = task;
  const errors: PacelineError[] = [];
  const called = machineMs();
  const database = watched(clientOf(task), (error) => errors.push(error));
  const { outcome, position } = await perform(database, action, { id });
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
