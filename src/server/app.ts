import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import type { SessionDatabase } from '../api/database.ts';
import { PacelineError } from '../base/errors.ts';
import type { Logger } from '../member/options.ts';
import type { Admission } from './admission.ts';
import { announcedBytes, readJson } from './body.ts';
import type { HttpLimits } from './options.ts';
import { makeRequestParsers } from './requests.ts';
import { respondError, toPacelineError } from './respond.ts';
import { makePlainRoutes, makeSqlRoutes, type SqlHandler } from './routes.ts';

type HttpContext = Context<{ Bindings: HttpBindings }>;

/** The routes with what all of them share: admission, body limits, origins, errors. */
export function createApp(
  database: SessionDatabase,
  limits: HttpLimits,
  admission: Admission,
  logger: Logger | undefined,
): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  const sqlRoutes = makeSqlRoutes(database, makeRequestParsers(limits), limits);
  const plainRoutes = makePlainRoutes(database);
  app.use(async (context, next) => {
    refuseForeignOrigin(context);
    await next();
  });
  for (const [path, handler] of sqlRoutes)
    app.post(path, (context) => admit(context, handler, limits, admission));
  for (const [path, handler] of plainRoutes) app.get(path, handler);
  for (const path of sqlRoutes.keys()) app.all(path, () => wrongMethod(path, 'POST'));
  for (const path of plainRoutes.keys()) app.all(path, () => wrongMethod(path, 'GET'));
  const known = [...sqlRoutes.keys()].map((path) => `POST ${path}`);
  known.push(...[...plainRoutes.keys()].map((path) => `GET ${path}`));
  app.notFound((context) => unknownRoute(context.req.path, known));
  app.onError((error) => respondError(toPacelineError(error, logger)));
  return app;
}

async function admit(
  context: HttpContext,
  handler: SqlHandler,
  limits: HttpLimits,
  admission: Admission,
): Promise<Response> {
  const { incoming } = context.env;
  const bytes = announcedBytes(incoming, limits.bodyBytesMax);
  admission.enter(bytes);
  try {
    return await handler(await readJson(incoming, limits.bodyBytesMax));
  } finally {
    admission.leave(bytes);
  }
}

/**
 * Any web page can make a browser POST to this address. Browsers name the page's origin when they
 * do, so a request from another origin is refused; other clients send no Origin.
 */
function refuseForeignOrigin(context: HttpContext): void {
  const origin = context.req.header('origin');
  if (origin === undefined) return;
  const host = context.req.header('host');
  if (origin === `http://${host}` || origin === `https://${host}`) return;
  const hint = 'call Paceline from your own server instead';
  throw new PacelineError(
    'REQUEST_INVALID',
    `web pages of another origin (${origin}) may not send requests here; ${hint}`,
  );
}

function unknownRoute(path: string, known: readonly string[]): Response {
  const message = `there is no ${path} here; there are ${known.join(', ')}`;
  return respondError(new PacelineError('REQUEST_INVALID', message), 404);
}

function wrongMethod(path: string, method: string): Response {
  const message = `${path} takes ${method} only`;
  const response = respondError(new PacelineError('REQUEST_INVALID', message), 405);
  response.headers.set('allow', method);
  return response;
}
