/**
 * A member as an application that embeds it: takes the arguments of `paceline serve`, and serves the
 * same HTTP. But it does what it is asked in the other ways that a handle has: it reads in place, or
 * in a snapshot, and makes an interactive transaction of a batch.
 */
import type { LocalDatabase } from '../../src/api/database.ts';
import type { ReadOptions } from '../../src/api/read-options.ts';
import type {
  BatchResult,
  QueryResult,
  Statement,
  StatementResult,
  WriteOptions,
} from '../../src/api/request.ts';
import type { SqlArgs } from '../../src/api/value.ts';
import { messageOf, PacelineError } from '../../src/base/errors.ts';
import { createLogger } from '../../src/cli/logger.ts';
import { readSecretFile } from '../../src/cli/secret-file.ts';
import { parsePairs, resolveServeConfig } from '../../src/cli/serve-config.ts';
import { exitOnUncaught, stopOnSignals } from '../../src/cli/stop-signals.ts';
import { open } from '../../src/member/open.ts';
import { startHttp } from '../../src/server/http.ts';
import { LIMITS } from './limits.ts';

/** Flags as commander would hand them to `serve`. */
function flagsOf(args: readonly string[]): Record<string, unknown> {
  const flags: Record<string, string> = {};
  const pairs: Record<string, string[]> = { '--member': [], '--set': [] };
  for (let i = 0; i + 1 < args.length; i += 2) {
    const [name, value] = [args[i]!, args[i + 1]!];
    if (name in pairs) pairs[name]!.push(value);
    else flags[name] = value;
  }
  const { '--dir': dir, '--id': id, '--http': http, '--secret-file': secretFile } = flags;
  const members = parsePairs(pairs['--member']!, 'ID=HOST:PORT');
  const set = Object.entries(parsePairs(pairs['--set']!, 'NAME=NUMBER'));
  const numbers = Object.fromEntries(set.map(([name, value]) => [name, Number(value)]));
  return { dir, id, http, secretFile, members, ...numbers };
}

/** Reads at the levels that a statement in place has are done in place, all others in a snapshot. */
function embedding(database: LocalDatabase): LocalDatabase {
  const query = (sql: string, args: SqlArgs = [], options: ReadOptions = {}) => {
    const { level, after, timeoutMs } = options;
    if (level === 'eventual' || level === 'session') {
      // This thread stands still while it waits: as an application would, it does not wait long.
      const waitMs = Math.min(timeoutMs ?? Number.POSITIVE_INFINITY, LIMITS.inPlaceMs);
      const needs = after === undefined ? {} : { after };
      return inPlace(database, sql, args, { level, timeoutMs: waitMs, ...needs });
    }
    return database.snapshot((snapshot) => snapshot.query(sql, args), options);
  };
  const batch = (statements: readonly Statement[], options: WriteOptions = {}) =>
    interactively(database, statements, options);
  return new Proxy(database, {
    get: (target, name) => {
      if (name === 'query') return query;
      if (name === 'batch') return batch;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/**
 * Statement by statement. One that fails may have met what an earlier attempt under the same id has
 * done, which is known by that id.
 */
async function interactively(
  database: LocalDatabase,
  statements: readonly Statement[],
  options: WriteOptions,
): Promise<BatchResult> {
  const transaction = await database.transaction('write', options);
  try {
    const results: StatementResult[] = [];
    for (const { sql, args } of statements) results.push(await transaction.execute(sql, args));
    return { results, ...(await transaction.commit()) };
  } catch (error) {
    await transaction.close();
    const { id, timeoutMs } = options;
    if (id === undefined || !(error instanceof PacelineError) || error.code !== 'SQL') throw error;
    const earlier = await database.outcome(id, timeoutMs === undefined ? {} : { timeoutMs });
    if (earlier.state !== 'committed') throw error;
    return { ...earlier, id, elapsedMs: 0 };
  }
}

async function inPlace(
  database: LocalDatabase,
  sql: string,
  args: SqlArgs,
  options: Parameters<LocalDatabase['prepare']>[1],
): Promise<QueryResult> {
  const statement = database.prepare(sql, options).raw();
  const columns = statement.columns().map(({ name }) => name);
  return { columns, rows: statement.all(args) };
}

async function serve(): Promise<void> {
  const config = resolveServeConfig(flagsOf(process.argv.slice(3)), undefined);
  const { secretFile, http, httpLimits: _, logLevel: __, ...options } = config;
  const logger = createLogger('info', config.id);
  exitOnUncaught(logger);
  const secret = readSecretFile(secretFile!, (message) => logger.warn({}, message));
  const database = await open({ ...options, logger, secret });
  const server = await startHttp(embedding(database), { listen: http!, logger });
  stopOnSignals(async () => {
    await server.close();
    await database.close();
  }, logger);
  process.stdout.write(`${JSON.stringify({ ready: true, id: config.id })}\n`);
}

serve().catch((error) => {
  process.stderr.write(`cannot serve: ${messageOf(error)}\n`);
  process.exitCode = 1;
});
