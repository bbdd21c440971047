import { z } from 'zod';
import { ofEach } from '../api/check.ts';
import { argsFromJson } from '../api/json.ts';
import { checkReadOptions, READ_LEVELS, type ReadOptions } from '../api/read-options.ts';
import type { Statement, WriteOptions } from '../api/request.ts';
import { atStatement, PacelineError } from '../base/errors.ts';
import type { HttpLimits } from './options.ts';

type Limits = Pick<HttpLimits, 'statementsMax' | 'timeoutMsMax'>;

export interface ExecuteRequest extends Statement {
  readonly options: WriteOptions;
}

export interface BatchRequest {
  readonly statements: readonly Statement[];
  readonly options: WriteOptions;
}

export interface QueryRequest extends Statement {
  readonly options: ReadOptions;
}

export interface RequestParsers {
  execute(body: unknown): ExecuteRequest;
  batch(body: unknown): BatchRequest;
  query(body: unknown): QueryRequest;
}

/** A `Durability` in JSON. Whether the cluster has so many members, or the ones named, is not looked at. */
export const DURABILITY = z.union([
  z.enum(['local', 'quorum', 'all']),
  z.int().min(1),
  z.array(z.string()).min(1),
]);

/** Parsers of request bodies. They throw REQUEST_INVALID, and ARGUMENTS_INVALID for values, both naming the place. */
export function makeRequestParsers(limits: Limits): RequestParsers {
  const statement = { sql: z.string(), args: z.unknown().optional() };
  const writeOptions = {
    id: z.string().min(1).optional(),
    timeoutMs: z.int().min(1).max(limits.timeoutMsMax).optional(),
    durability: DURABILITY.optional(),
  };
  const execute = z.strictObject({ ...statement, ...writeOptions });
  const bound = z
    .int()
    .min(0)
    .max(2 ** 30)
    .optional();
  const query = z.strictObject({
    ...statement,
    level: z.enum(READ_LEVELS).optional(),
    maxLagMs: bound,
    maxLagEntries: bound,
    after: z.string().optional(),
    timeoutMs: writeOptions.timeoutMs,
    forward: z.boolean().optional(),
  });
  const statements = z.array(z.strictObject(statement)).min(1).max(limits.statementsMax);
  const batch = z.strictObject({ statements, ...writeOptions });
  return {
    execute: (body) => {
      const request = check(execute, body);
      return { ...toStatement(request, 'args'), options: toOptions(request) };
    },
    batch: (body) => {
      const request = check(batch, body);
      const list = ofEach(request.statements, (one, i) =>
        toStatement(one, `statements[${i}].args`),
      );
      return { statements: list, options: toOptions(request) };
    },
    query: (body) => {
      const { sql, args, ...options } = check(query, body);
      return { ...toStatement({ sql, args }, 'args'), options: toReadOptions(options) };
    },
  };
}

function check<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const { issues } = result.error;
  const told = issues.slice(0, ISSUES_TOLD_MAX).map(describeIssue);
  const error = new PacelineError('REQUEST_INVALID', told.join('; '));
  // What is wrong with a statement of a batch is that one's fault, as where the handle refuses it.
  const [field, index] = issues[0]?.path ?? [];
  throw field === 'statements' && typeof index === 'number' ? atStatement(error, index) : error;
}

/** Who misspells a name wants to hear of the one that is missing and of the one that there is too much. */
const ISSUES_TOLD_MAX = 3;

/** "body.statements[2].sql: …": what is wrong, with its place. */
function describeIssue(issue: z.core.$ZodIssue): string {
  const place = issue.path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text}.${String(key)}`),
    'body',
  );
  const isMissing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  return `${place}: ${isMissing ? `it is missing (${issue.expected})` : issue.message}`;
}

interface StatementBody {
  readonly sql: string;
  readonly args?: unknown;
}

type WriteOptionsBody = {
  readonly [K in 'id' | 'timeoutMs' | 'durability']?: WriteOptions[K] | undefined;
};

function toStatement({ sql, args }: StatementBody, place: string): Statement {
  return args === undefined ? { sql } : { sql, args: argsFromJson(args, place) };
}

/**
 * A request stands for itself: the session that the member's own handle has is that of all who ask it. What
 * another one has written and read comes as `after`.
 */
function toReadOptions(given: { readonly [name in keyof ReadOptions]?: unknown }): ReadOptions {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  const options = Object.fromEntries(entries) as ReadOptions;
  checkReadOptions(options);
  const isBounded = options.maxLagMs !== undefined || options.maxLagEntries !== undefined;
  const level = options.level ?? (isBounded ? 'bounded' : 'session');
  return level === 'session' ? { ...options, level: 'eventual' } : options;
}

function toOptions({ id, timeoutMs, durability }: WriteOptionsBody): WriteOptions {
  return {
    ...(id === undefined ? {} : { id }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(durability === undefined ? {} : { durability }),
  };
}
