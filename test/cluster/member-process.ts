/** A member in a process of its own: opens what it was told to, and calls the handle's functions for its parent. */
import type { LocalDatabase, Transaction } from '../../src/api/database.ts';
import type { PrepareOptions } from '../../src/api/read-options.ts';
import type { TransactionMode, TransactionOptions } from '../../src/api/transaction.ts';
import type { SqlArgs } from '../../src/api/value.ts';
import { open, PacelineError } from '../../src/index.ts';
import { type HttpServer, startHttp } from '../../src/server/http.ts';
import type { Call, FromChild } from './ipc.ts';
import type { ProcessOptions } from './member.ts';

const { http, ...options } = JSON.parse(process.argv[2]!) as ProcessOptions;
const log = (level: string) => (fields: object, message: string) =>
  tell({ type: 'log', level, fields, message });
const logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };

process.on('disconnect', () => process.exit());
process.on('SIGTERM', () => {}); // ends when its parent says so

function tell(message: FromChild): void {
  // A parent that is gone ends this process by the disconnect.
  if (process.connected) process.send!(message, () => {});
}

function asError(error: unknown) {
  if (error instanceof PacelineError) return error.toRecord();
  return { code: null, message: error instanceof Error ? String(error.stack) : String(error) };
}

const transactions = new Map<number, Transaction>();
let nextTransaction = 1;

/** Begins a transaction, and gives the parent a number for it. */
async function begin(db: LocalDatabase, ...args: [TransactionMode, TransactionOptions]) {
  const transaction = await db.transaction(...args);
  transactions.set(nextTransaction, transaction);
  return nextTransaction++;
}

/** Calls a function of the transaction with that number. */
function step(number: number, name: string, ...args: never[]): Promise<unknown> {
  const transaction = transactions.get(number) as unknown as Record<
    string,
    (...args: never[]) => Promise<unknown>
  >;
  return transaction[name]!(...args);
}

let server: HttpServer | null = null;

async function close(db: LocalDatabase): Promise<void> {
  await server?.close();
  await db.close();
}

function callOf(db: LocalDatabase, { name, args }: Call): Promise<unknown> {
  const functions: Record<string, (...args: never[]) => Promise<unknown>> = {
    begin: begin.bind(null, db),
    step: step as (...args: never[]) => Promise<unknown>,
    outcome: db.outcome.bind(db),
    transferLeadership: db.transferLeadership.bind(db),
    execute: db.execute.bind(db),
    batch: db.batch.bind(db),
    query: db.query.bind(db),
    status: db.status.bind(db),
    token: async () => db.token,
    all: async (sql: string, args?: SqlArgs, options?: PrepareOptions) =>
      db
        .prepare(sql, options)
        .raw()
        .all(...(args === undefined ? [] : [args])),
    close: () => close(db),
  };
  return functions[name]!(...(args as never[]));
}

try {
  const db = await open({ ...options, logger });
  if (http !== undefined) server = await startHttp(db, { listen: http });
  process.on('message', (call: Call) => {
    callOf(db, call).then(
      (result) => tell({ type: 'result', key: call.key, result }),
      (error: unknown) => tell({ type: 'error', key: call.key, error: asError(error) }),
    );
  });
  tell({ type: 'open' });
} catch (error) {
  tell({ type: 'failed', error: asError(error) });
  process.disconnect();
}
