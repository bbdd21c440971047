import type { SessionDatabase } from '../api/database.ts';
import {
  batchResultToJson,
  executeResultToJson,
  type JsonQueryResult,
  queryResultToJson,
} from '../api/result-json.ts';
import type { Status } from '../api/status.ts';
import { PacelineError } from '../base/errors.ts';
import type { HttpLimits } from './options.ts';
import type { RequestParsers } from './requests.ts';
import { respondJson } from './respond.ts';

/** Answers one SQL request whose body was read. */
export type SqlHandler = (body: unknown) => Promise<Response>;
export type PlainHandler = () => Promise<Response>;

export function makeSqlRoutes(
  database: SessionDatabase,
  parse: RequestParsers,
  limits: HttpLimits,
): ReadonlyMap<string, SqlHandler> {
  return new Map<string, SqlHandler>([
    [
      '/execute',
      async (body) => {
        const { sql, args, options } = parse.execute(body);
        const result = await database.execute(sql, args, options);
        return respondJson(JSON.stringify(executeResultToJson(result)));
      },
    ],
    [
      '/batch',
      async (body) => {
        const { statements, options } = parse.batch(body);
        const result = await database.batch(statements, options);
        return respondJson(JSON.stringify(batchResultToJson(result)));
      },
    ],
    [
      '/query',
      async (body) => {
        const { sql, args, options } = parse.query(body);
        const result = await database.query(sql, args, options);
        // What others have written through this member is no part of what this request has read.
        const json = { ...queryResultToJson(result), token: database.certainToken };
        return respondJson(boundedJson(json, limits.resultBytesMax));
      },
    ],
  ]);
}

export function makePlainRoutes(database: SessionDatabase): ReadonlyMap<string, PlainHandler> {
  return new Map<string, PlainHandler>([
    ['/status', async () => respondJson(JSON.stringify(await database.status()))],
    ['/health', async () => respondHealth(await database.status())],
  ]);
}

/** Healthy: this member takes part, and knows who leads, so that both reads and writes are served. */
function respondHealth({ id, role, leader }: Status): Response {
  const healthy = leader !== null && (role === 'leader' || role === 'follower');
  return respondJson(JSON.stringify({ healthy, id, role, leader }), healthy ? 200 : 503);
}

/** Only for queries: a write that has taken effect is never answered with an error for its size. */
function boundedJson(result: JsonQueryResult, bytesMax: number): string {
  const json = JSON.stringify(result);
  const bytes = Buffer.byteLength(json);
  if (bytes <= bytesMax) return json;
  const what = `the result is ${bytes} bytes of JSON, more than ${bytesMax} (resultBytesMax)`;
  throw new PacelineError('RESULT_TOO_LARGE', `${what}; ask for less with LIMIT`);
}
