/**
 * A member as an application that embeds it: takes the arguments of `paceline serve`, and serves the
 * same HTTP. But it does what it is asked in the other ways that a handle has: it reads in place, or
 * in a snapshot, and makes an interactive transaction of a batch. With `--application HOST:PORT` it has a
 * door of its own besides, for what HTTP does not offer.
 */
import type { LocalDatabase } from '../../src/api/database.ts';
import type { ReadOptions } from '../../src/api/read-options.ts';
import type {
  BatchResult,
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
import { readInPlace } from './application.ts';
import { serveApplication } from './application-server.ts';

/** Flags as commander would hand them to `serve`. */
function flagsOf(args: readonly string[]) {
  const flags: Record<string, string> = {};
  const pairs: Record<string, string[]> = { '--member': [], '--set': [] };
  for (let i = 0; i + 1 < args.length; i += 2) {
    const [name, value] = [args[i]!, args[i + 1]!];
    if (name in pairs) pairs[name]!.push(value);
    else flags[name] = value;
  }
  const { '--dir': dir, '--id': id, '--http': http, '--secret-file': secretFile } = flags;
  const { '--application': application, '--config': file } = flags;
  const members = parsePairs(pairs['--member']!, 'ID=HOST:PORT');
  const set = Object.entries(parsePairs(pairs['--set']!, 'NAME=NUMBER'));
  const numbers = Object.fromEntries(set.map(([name, value]) => [name, Number(value)]));
  return { application, file, flags: { dir, id, http, secretFile, members, ...numbers } };
}

/** Reads at the levels that a statement in place has are done in place, all others in a snapshot. */
function embedding(database: LocalDatabase): LocalDatabase {
  const query = async (sql: string, args: SqlArgs = [], options: ReadOptions = {}) => {
    const { level, after } = options;
    if (level !== 'eventual' && level !== 'session')
      return database.snapshot((snapshot) => snapshot.query(sql, args), options);
    const needs = after === undefined ? { level } : { level, after };
    return readInPlace(database, { sql, args }, needs);
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

/** What a statement is refused with; a batch, unlike a transaction, may leave foreign keys unenforced. */
const PLAINLY: ReadonlySet<string> = new Set(['SQL', 'STATEMENT_FORBIDDEN']);

/**
 * Statement by statement. What is refused so is tried again as a plain batch under the same id: that
 * finds what an earlier attempt has done, and a refusal is then as of a state that is committed.
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
    if (!(error instanceof PacelineError) || !PLAINLY.has(error.code)) throw error;
    return database.batch(statements, options);
  }
}

async function serve(): Promise<void> {
  const { application, file, flags } = flagsOf(process.argv.slice(3));
  const config = resolveServeConfig(flags, file);
  const { secretFile, http, httpLimits: _, logLevel: __, ...options } = config;
  const logger = createLogger('info', config.id);
  exitOnUncaught(logger);
  const secret = readSecretFile(secretFile!, (message) => logger.warn({}, message));
  const database = await open({ ...options, logger, secret });
  const server = await startHttp(embedding(database), { listen: http!, logger });
  const closeApplication =
    application === undefined ? async () => {} : await serveApplication(database, application);
  stopOnSignals(async () => {
    await Promise.all([server.close(), closeApplication()]);
    await database.close();
  }, logger);
  process.stdout.write(`${JSON.stringify({ ready: true, id: config.id })}\n`);
}

serve().catch((error) => {
  process.stderr.write(`cannot serve: ${messageOf(error)}\n`);
  process.exitCode = 1;
});
