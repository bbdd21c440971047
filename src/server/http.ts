import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { SessionDatabase } from '../api/database.ts';
import { formatAddress, parseAddress } from '../base/address.ts';
import { messageOf, PacelineError } from '../base/errors.ts';
import { Admission } from './admission.ts';
import { createApp } from './app.ts';
import { Connections } from './connections.ts';
import { HTTP_DEFAULTS, type HttpLimits, type HttpOptions } from './options.ts';
import { respondError } from './respond.ts';

export interface HttpServer {
  /** `host:port` as bound: with the real port where 0 was asked for. */
  readonly address: string;
  /** Accepts nothing new, lets running requests finish within `closeTimeoutMs`, then cuts them. Idempotent. */
  close(): Promise<void>;
}

/** An address that is bound before there is a database to serve. */
export interface HttpListener extends HttpServer {
  /** Requests that come before this are told NOT_READY. The database stays the caller's to close. Call once. */
  serve(database: SessionDatabase): void;
}

/**
 * Serves `database` over HTTP; the routes are in docs/http.md. The database stays the caller's to close.
 * Throws OPTIONS_INVALID, and ADDRESS_IN_USE when another process has the address.
 */
export async function startHttp(
  database: SessionDatabase,
  options: HttpOptions,
): Promise<HttpServer> {
  const listener = await listenHttp(options);
  listener.serve(database);
  return listener;
}

/** Throws the same. */
export async function listenHttp(options: HttpOptions): Promise<HttpListener> {
  const limits = resolveLimits(options);
  const { host, port } = parseAddress(options.listen);
  let app: ReturnType<typeof createApp> | null = null;
  const server = makeServer(limits, (request, env) =>
    app === null ? respondError(notReady()) : app.fetch(request, env),
  );
  const connections = new Connections(server);
  await listen(server, host, port, options.listen);
  const bound = server.address() as AddressInfo;
  const address = formatAddress({ host, port: bound.port });
  let closed: Promise<void> | null = null;
  return {
    address,
    serve: (database) => {
      app = createApp(database, limits, new Admission(limits), options.logger);
      options.logger?.info({ address }, 'HTTP listens');
    },
    close: () => {
      closed ??= closeGracefully(server, connections, limits.closeTimeoutMs);
      return closed;
    },
  };
}

type Fetch = Parameters<typeof createAdaptorServer>[0]['fetch'];

function makeServer(limits: HttpLimits, fetch: Fetch): Server {
  const server = createAdaptorServer({
    fetch,
    // The process may be an application's: its global Request and Response are not ours to replace.
    overrideGlobalObjects: false,
    serverOptions: {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveMs,
    },
  }) as Server; // the adapter makes a plain HTTP server unless it is told to make another
  server.maxConnections = limits.connectionsMax;
  return server;
}

function notReady(): PacelineError {
  return new PacelineError(
    'NOT_READY',
    'this member is starting: try again, or ask another member meanwhile',
  );
}

function resolveLimits(options: HttpOptions): HttpLimits {
  const limits: Record<string, number> = { ...HTTP_DEFAULTS };
  for (const name of Object.keys(HTTP_DEFAULTS) as (keyof HttpLimits)[]) {
    const value = options[name] ?? HTTP_DEFAULTS[name];
    if (!Number.isSafeInteger(value) || value < 1) {
      const message = `"${name}" must be a positive integer, not ${value}; nothing was bound`;
      throw new PacelineError('OPTIONS_INVALID', message);
    }
    limits[name] = value;
  }
  return limits as unknown as HttpLimits;
}

function listen(server: Server, host: string, port: number, listenText: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException) => reject(listenError(listenText, cause));
    server.once('error', onError);
    server.listen({ host, port, backlog: 511 }, () => {
      server.off('error', onError);
      resolve();
    });
  });
}

function listenError(address: string, cause: NodeJS.ErrnoException): PacelineError {
  if (cause.code === 'EADDRINUSE') {
    const hint = 'stop the process that has it, or choose another';
    const message = `HTTP address ${address} is in use; ${hint}`;
    return new PacelineError('ADDRESS_IN_USE', message, { cause });
  }
  const hint = 'give an address of this machine that this user may bind';
  const message = `cannot listen for HTTP on ${address}: ${messageOf(cause)}; ${hint}`;
  return new PacelineError('OPTIONS_INVALID', message, { cause });
}

async function closeGracefully(
  server: Server,
  connections: Connections,
  timeoutMs: number,
): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), timeoutMs);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    connections.closeWhenIdle();
  });
  clearTimeout(cut);
}
