import { existsSync } from 'node:fs';
import type { SessionDatabase } from '../api/database.ts';
import { layoutOf } from '../member/directory.ts';
import { open } from '../member/open.ts';
import type { Logger } from '../member/options.ts';
import { type HttpListener, listenHttp } from '../server/http.ts';
import { createLogger } from './logger.ts';
import { readSecretFile } from './secret-file.ts';
import type { ServeFlags } from './serve.ts';
import { parseNumber, parsePairs, resolveServeConfig, type ServeConfig } from './serve-config.ts';
import { exitOnUncaught, stopOnSignals } from './stop-signals.ts';

/** Starts the member and its HTTP front, says so in one line of JSON on stdout, and returns. Throws what refuses the start. */
export async function runServe(flags: ServeFlags): Promise<void> {
  const config = configOf(flags);
  const logger = createLogger(config.logLevel ?? 'info', config.id);
  const { dir, import: file } = config;
  if (file !== undefined && existsSync(layoutOf(dir).identity))
    logger.info({ import: file }, `${dir} has a database already: nothing is imported`);
  exitOnUncaught(logger);
  // Bound first: where the address is taken no member is begun.
  const http = await bindHttp(config, logger);
  const database = await openMember(config, logger).catch(async (error) => {
    await http?.close();
    throw error;
  });
  http?.serve(database);
  stopOnSignals(async () => {
    await http?.close();
    await database.close();
  }, logger);
  const { id } = config;
  const listen = config.listen ?? config.members?.[id] ?? null;
  const ready = { ready: true, id, listen, http: http?.address ?? null, pid: process.pid };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
}

function configOf({ config, member = [], set = [], pageSize, ...same }: ServeFlags): ServeConfig {
  const members = member.length === 0 ? undefined : parsePairs(member, '--member ID=HOST:PORT');
  const knobs = Object.entries(parsePairs(set, '--set NAME=NUMBER'));
  const numbers = Object.fromEntries(
    knobs.map(([name, value]) => [name, parseNumber(`--set ${name}`, value)]),
  );
  const pageSizeBytes = pageSize === undefined ? undefined : parseNumber('--page-size', pageSize);
  return resolveServeConfig({ ...numbers, ...same, members, pageSizeBytes }, config);
}

function openMember(config: ServeConfig, logger: Logger): Promise<SessionDatabase> {
  const { secretFile, http: _http, httpLimits: _limits, logLevel: _level, ...options } = config;
  if (secretFile === undefined) return open({ ...options, logger });
  const secret = readSecretFile(secretFile, (message) => logger.warn({ secretFile }, message));
  return open({ ...options, logger, secret });
}

async function bindHttp(
  { http, httpLimits, resultBytesMax }: ServeConfig,
  logger: Logger,
): Promise<HttpListener | null> {
  if (http === undefined) return null;
  const bound = resultBytesMax === undefined ? {} : { resultBytesMax };
  return await listenHttp({ ...bound, ...httpLimits, listen: http, logger });
}
