import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { parseAddress } from '../base/address.ts';
import { messageOf, PacelineError } from '../base/errors.ts';
import { DEFAULTS, MAY_BE_ZERO, type OpenOptions } from '../member/options.ts';
import { HTTP_DEFAULTS, type HttpLimits } from '../server/options.ts';
import { DURABILITY } from '../server/requests.ts';
import { LOG_LEVELS, type LogLevel } from './logger.ts';

/** What `serve` runs with: the names of OpenOptions, and those that only a process of its own has. */
export interface ServeConfig extends Omit<OpenOptions, 'logger' | 'secret'> {
  /** File with the members' shared secret. */
  readonly secretFile?: string;
  /** `host:port` for HTTP; without it nothing is served. */
  readonly http?: string;
  readonly httpLimits?: Partial<HttpLimits>;
  readonly logLevel?: LogLevel;
}

const MISSING = {
  dir: 'it takes --dir DIR, the directory for this member\'s data (or "dir" in the config file)',
  id: 'it takes --id ID, the name of this member (or "id" in the config file)',
};

const HINT = 'see `paceline serve --help` and docs/cli.md';

const { cluster: _cluster, durability: _durability, ...KNOBS } = DEFAULTS;

const schema = z.strictObject({
  dir: z.string(),
  id: z.string(),
  listen: z.string().optional(),
  members: z.record(z.string(), z.string()).optional(),
  cluster: z.string().optional(),
  durability: DURABILITY.optional(),
  import: z.string().optional(),
  secretFile: z.string().optional(),
  http: z.string().optional(),
  httpLimits: z.strictObject(countsOf(HTTP_DEFAULTS)).optional(),
  logLevel: z.enum(LOG_LEVELS).optional(),
  ...countsOf(KNOBS),
});

function countsOf(names: object): Record<string, z.ZodOptional<z.ZodInt>> {
  const count = (name: string) => z.int().min(MAY_BE_ZERO.has(name) ? 0 : 1);
  return Object.fromEntries(Object.keys(names).map((name) => [name, count(name).optional()]));
}

/** The file's settings with the flags over them, checked. Throws OPTIONS_INVALID naming what is wrong. */
export function resolveServeConfig(
  flags: Readonly<Record<string, unknown>>,
  file: string | undefined,
): ServeConfig {
  const settings = file === undefined ? {} : readConfigFile(file);
  if ('secret' in settings)
    throw invalid(`${file}: put the secret into a file of its own and name it with "secretFile"`);
  const missing = (['dir', 'id'] as const).find(
    (name) => (flags[name] ?? settings[name]) === undefined,
  );
  if (missing !== undefined) throw invalid(MISSING[missing]);
  const given = Object.entries(flags).filter(([, value]) => value !== undefined);
  const result = schema.safeParse({ ...settings, ...Object.fromEntries(given) });
  if (result.success) {
    const config = result.data as ServeConfig;
    if (config.http !== undefined) checkAddress('http', config.http);
    return config;
  }
  const where = file === undefined ? '' : ` (flags and ${file})`;
  throw invalid(`${describe(result.error.issues[0]!)}${where}; ${HINT}`);
}

function describe(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'unrecognized_keys') return `"${issue.path.join('.')}": ${issue.message}`;
  const [name] = issue.keys;
  return `there is no setting "${[...issue.path, name].join('.')}"`;
}

/** Before anything is opened. */
function checkAddress(name: string, address: string): void {
  try {
    parseAddress(address);
  } catch (error) {
    throw invalid(`"${name}": ${messageOf(error)}`, error);
  }
}

function readConfigFile(file: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof json === 'object' && json !== null && !Array.isArray(json))
      return json as Record<string, unknown>;
  } catch (cause) {
    const hint = 'name a file with a JSON object, see docs/cli.md';
    throw invalid(`cannot read the config file ${file}: ${messageOf(cause)}; ${hint}`, cause);
  }
  throw invalid(`the config file ${file} must hold a JSON object`);
}

/** `NAME=VALUE` flags as an object. `form` is shown when one is not of that form. */
export function parsePairs(pairs: readonly string[], form: string): Record<string, string> {
  const entries = pairs.map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1 || at === pair.length - 1) throw invalid(`"${pair}" is not of the form ${form}`);
    return [pair.slice(0, at), pair.slice(at + 1)] as const;
  });
  const names = entries.map(([name]) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw invalid(`${form} gives "${twice}" twice: give it once`);
  return Object.fromEntries(entries);
}

/** The number that a flag gives. */
export function parseNumber(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw invalid(`${name} takes a number, not "${text}"`);
}

function invalid(what: string, cause?: unknown): PacelineError {
  return new PacelineError('OPTIONS_INVALID', what, { cause });
}
