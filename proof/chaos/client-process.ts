/** Clients of a chaos run, in a process of their own: does each task and says what came of it. */
import type { SessionDatabase } from '../../src/api/database.ts';
import type { PacelineError } from '../../src/base/errors.ts';
import { createClient } from '../../src/client/client.ts';
import { isRead } from '../history/operation.ts';
import { performRead, performWrite } from '../workload/perform.ts';
import { answered } from './application.ts';
import { askApplication } from './application-client.ts';
import { type Answered, type Done, machineMs, type Task } from './ipc.ts';
import { LIMITS } from './limits.ts';
import { watched } from './watched.ts';

const handles = new Map<number, SessionDatabase>();

function handleOf({ client, urls, attemptsMax }: Task): SessionDatabase {
  const known = handles.get(client);
  if (known !== undefined) return known;
  const handle = createClient(urls, { timeoutMs: LIMITS.operationTimeoutMs, attemptsMax });
  handles.set(client, handle);
  return handle;
}

async function overHttp(task: Task): Promise<Answered> {
  const { action, reading, writing } = task;
  const errors: PacelineError[] = [];
  const onError = (error: PacelineError) => errors.push(error);
  const handle = handleOf(task);
  const { style: _style, ...readOptions } = reading;
  const { style: _, id, durability, timeoutMs } = writing;
  const names = { ...(id === null ? {} : { id }), ...(durability === null ? {} : { durability }) };
  const calls = {
    execute: watched(handle.execute.bind(handle), onError),
    batch: watched(handle.batch.bind(handle), onError),
    query: watched(handle.query.bind(handle), onError),
  };
  const answer = isRead(action)
    ? await performRead(({ sql, args }) => calls.query(sql, args, readOptions), action)
    : await performWrite(calls, action, { ...names, timeoutMs });
  return { ...answered(answer, errors), token: handle.token };
}

async function run(task: Task): Promise<Done> {
  const { key, application } = task;
  const called = machineMs();
  const answered =
    application === null ? await overHttp(task) : await askApplication(application, task);
  return { key, called, returned: machineMs(), ...answered };
}

process.on('message', (task: Task) => {
  // What is thrown here is a fault of this program, or an answer that makes no sense: it ends the process.
  run(task).then((done) => {
    if (process.connected) process.send!(done);
  });
});
process.on('disconnect', () => process.exit());
