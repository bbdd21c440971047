import { checkDurability, type Durability } from '../api/durability.ts';
import { formatAddress, parseAddress } from '../base/address.ts';
import { messageOf, PacelineError } from '../base/errors.ts';

/** Where log lines go: the shape of pino, console and most others. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Every knob with its unit in the name. What is left out takes the value in DEFAULTS. */
export interface OpenOptions {
  /** Directory of this member, made when missing; one member at a time may have it open. */
  readonly dir: string;
  /** This member's name in `members`: 1 to 64 letters, digits, `.`, `_`, `-`. */
  readonly id: string;
  /** `host:port` to listen on for the other members; default: this member's address in `members`. */
  readonly listen?: string;
  /** id → `host:port` of every member, this one included; the same on all. Default: this member alone. */
  readonly members?: Readonly<Record<string, string>>;
  /** Names the cluster, so that members of two clusters never mix; the same on all. */
  readonly cluster?: string;
  /** Shared by all members, who prove it to each other without sending it. Without one, anyone who reaches the port is a member. */
  readonly secret?: string;
  /** An existing SQLite file whose content a new cluster starts with; only with an empty `dir`, on one member. */
  readonly import?: string;
  readonly logger?: Logger;
  /** On how many disks a write is before it is acknowledged, where the write itself does not say. */
  readonly durability?: Durability;
  /** Page size of a new database, in bytes; the same on all. */
  readonly pageSizeBytes?: number;

  readonly heartbeatMs?: number;
  readonly electionTimeoutMs?: number;
  readonly leaseDriftMs?: number;
  readonly writeTimeoutMs?: number;
  readonly transactionTimeoutMs?: number;
  readonly readTimeoutMs?: number;
  readonly closeTimeoutMs?: number;

  readonly batchMs?: number;
  readonly readQueueMax?: number;
  readonly snapshotsMax?: number;
  readonly readWorkersMax?: number;
  readonly workerAfterMs?: number;
  readonly snapshotWalBytesMax?: number;
  readonly writeQueueMax?: number;
  readonly writeQueueBytesMax?: number;
  readonly sqlBytesMax?: number;
  readonly resultBytesMax?: number;
  readonly transactionBytesMax?: number;
  readonly requestIdBytesMax?: number;
  readonly requestIdsKept?: number;
  readonly checkpointWalBytes?: number;
  readonly logKeepBytes?: number;
  readonly segmentBytesMax?: number;
  readonly pageCacheBytes?: number;
  readonly lostBytesMax?: number;
}

type Knobs = Required<
  Omit<
    OpenOptions,
    'dir' | 'id' | 'listen' | 'members' | 'cluster' | 'secret' | 'import' | 'logger' | 'durability'
  >
>;

export const DEFAULTS: Knobs & { readonly cluster: string; readonly durability: Durability } = {
  cluster: 'paceline',
  durability: 'quorum',
  pageSizeBytes: 4096, // SQLite's own default

  heartbeatMs: 100, // ten in an election timeout: nine may be lost
  electionTimeoutMs: 1000, // far above a garbage collection or a slow disk; crashes are seen by their closed connection
  leaseDriftMs: 0, // how far clocks may drift apart in an election timeout, for leases; 0: none. The same on all
  writeTimeoutMs: 10_000, // several elections
  transactionTimeoutMs: 5_000, // an interactive transaction keeps all other writers waiting; then it is rolled back
  readTimeoutMs: 10_000, // the same; a read that waits costs nobody anything
  closeTimeoutMs: 5_000, // handing over takes milliseconds; past this the others elect without us

  batchMs: 1, // SQL time per commit: the next one runs while this one is synced, and short ones keep both busy
  readQueueMax: 16_384, // reads that wait until this member can serve them; then OVERLOADED
  readWorkersMax: 2, // threads for long reads: more would take the processor from the member's own
  workerAfterMs: 0, // a statement that took so long runs on such a thread the next time; 0: only when asked to
  snapshotsMax: 64, // states of the database held at a time, a connection each; then OVERLOADED
  snapshotWalBytesMax: 512 * 2 ** 20, // WAL that held states may keep; then they end with SNAPSHOT_ENDED
  writeQueueMax: 16_384, // waiting writes; then OVERLOADED
  writeQueueBytesMax: 64 * 2 ** 20, // of their SQL and arguments; then OVERLOADED
  sqlBytesMax: 2 ** 20, // one statement's text, in UTF-16 units; then REQUEST_TOO_LARGE
  resultBytesMax: 16 * 2 ** 20, // one call's rows; then RESULT_TOO_LARGE
  transactionBytesMax: 64 * 2 ** 20, // of log that one transaction may cost; then TRANSACTION_TOO_LARGE
  requestIdBytesMax: 128,
  requestIdsKept: 100_000, // at least the last so many are remembered, at most twice as many
  checkpointWalBytes: 64 * 2 ** 20, // pages written again and again are copied once; start-up after a crash reads this much
  logKeepBytes: 256 * 2 ** 20, // kept for followers that are behind; beyond it they get a snapshot
  segmentBytesMax: 16 * 2 ** 20,
  lostBytesMax: 64 * 2 ** 20, // log of one failover's discarded writes that is saved; of more, the beginning
  pageCacheBytes: 32 * 2 ** 20, // last images of changed pages, the bases of deltas
};

export interface MemberOptions extends Knobs {
  readonly dir: string;
  readonly id: string;
  readonly listen: string;
  readonly members: Readonly<Record<string, string>>;
  readonly cluster: string;
  readonly secret: string | null;
  readonly import: string | null;
  readonly durability: Durability;
}

/** Where 0 turns something off. */
export const MAY_BE_ZERO: ReadonlySet<string> = new Set(['leaseDriftMs', 'workerAfterMs']);
const ID = /^[A-Za-z0-9._-]{1,64}$/;
const NAMES = new Set([
  ...Object.keys(DEFAULTS),
  ...['dir', 'id', 'listen', 'members', 'secret', 'import', 'logger'],
]);

/** Fills in the defaults and checks everything that can be checked without touching the disk. Throws OPTIONS_INVALID. */
export function resolveOptions(options: OpenOptions): MemberOptions {
  if (typeof options !== 'object' || options === null)
    throw invalid('open() takes an object with at least "dir" and "id"');
  for (const name of Object.keys(options))
    if (!NAMES.has(name)) throw invalid(`there is no option "${name}"`);
  if (typeof options.dir !== 'string' || options.dir === '')
    throw invalid('"dir" must name a directory');
  checkId(options.id);
  checkTexts(options);
  const listenPort = options.listen === undefined ? null : checkAddress(options.listen, '"listen"');
  // null is no list: who has none by mistake must not be alone by mistake.
  if (options.members === null)
    throw invalid('"members" must not be null; leave it out for a member alone');
  const members = options.members ?? { [options.id]: options.listen ?? '127.0.0.1:0' };
  checkMembers(members, options.id);
  if (listenPort === 0 && Object.keys(members).length > 1)
    throw invalid('"listen" has port 0, any free one: give the port that the other members dial');
  const resolved: MemberOptions = {
    ...DEFAULTS,
    ...definedOnly(options),
    members,
    listen: options.listen ?? members[options.id]!,
    cluster: options.cluster ?? DEFAULTS.cluster,
    secret: options.secret ?? null,
    import: options.import ?? null,
    durability: options.durability ?? DEFAULTS.durability,
  };
  checkKnobs(resolved);
  checkDefaultDurability(resolved);
  return Object.freeze(resolved);
}

function definedOnly(options: OpenOptions): OpenOptions {
  const { logger: _, ...rest } = options;
  return Object.fromEntries(
    Object.entries(rest).filter(([, v]) => v !== undefined),
  ) as unknown as OpenOptions;
}

function checkId(id: unknown): void {
  if (typeof id !== 'string' || !ID.test(id))
    throw invalid(
      `"id" must be 1 to 64 letters, digits, ".", "_" or "-", not ${JSON.stringify(id)}`,
    );
}

function checkMembers(members: Readonly<Record<string, string>>, self: string): void {
  if (typeof members !== 'object' || Array.isArray(members))
    throw invalid(
      '"members" must be an object: the id of each member, and its address as host:port',
    );
  const entries = Object.entries(members);
  const idAt = new Map<string, string>();
  for (const [id, address] of entries) {
    checkId(id);
    const port = checkAddress(address, `the address of member "${id}"`);
    if (port === 0 && entries.length > 1)
      throw invalid(
        `the address of member "${id}" has port 0: the others must know where it listens`,
      );
    const place = formatAddress(parseAddress(address)).toLowerCase();
    const other = idAt.get(place);
    if (other !== undefined)
      throw invalid(
        `members "${other}" and "${id}" have the same address, ${address}: give each its own`,
      );
    idAt.set(place, id);
  }
  if (members[self] === undefined)
    throw invalid(
      `"members" must include this member itself ("${self}"); it has ${Object.keys(members).join(', ')}`,
    );
}

/** Texts that may be left out, but not be empty. */
function checkTexts(options: OpenOptions): void {
  for (const name of ['cluster', 'secret', 'import'] as const) {
    const value: unknown = options[name];
    if (value !== undefined && (typeof value !== 'string' || value === ''))
      throw invalid(`"${name}" must be a text that is not empty; leave it out if there is none`);
  }
}

/** Returns the port. */
function checkAddress(address: unknown, what: string): number {
  try {
    return parseAddress(String(address)).port;
  } catch (error) {
    throw invalid(`${what}: ${messageOf(error)}`);
  }
}

function checkDefaultDurability({ durability, members }: MemberOptions): void {
  try {
    checkDurability(durability, Object.keys(members));
  } catch (error) {
    throw invalid(messageOf(error));
  }
}

function checkKnobs(options: MemberOptions): void {
  for (const name of Object.keys(DEFAULTS) as (keyof Knobs | 'cluster' | 'durability')[]) {
    if (name === 'cluster' || name === 'durability') continue;
    const value = options[name];
    if (value === 0 && MAY_BE_ZERO.has(name)) continue;
    if (!Number.isSafeInteger(value) || value < 1)
      throw invalid(`"${name}" must be a positive integer, not ${value}`);
  }
  const { pageSizeBytes, heartbeatMs, electionTimeoutMs, leaseDriftMs } = options;
  if (pageSizeBytes < 512 || pageSizeBytes > 65536 || (pageSizeBytes & (pageSizeBytes - 1)) !== 0)
    throw invalid(`"pageSizeBytes" must be a power of two from 512 to 65536, not ${pageSizeBytes}`);
  if (leaseDriftMs > electionTimeoutMs / 2)
    throw invalid(
      `"leaseDriftMs" (${leaseDriftMs}) must be at most half of "electionTimeoutMs" (${electionTimeoutMs})`,
    );
  if (electionTimeoutMs < 4 * heartbeatMs)
    throw invalid(
      `"electionTimeoutMs" (${electionTimeoutMs}) must be at least four times "heartbeatMs" (${heartbeatMs})`,
    );
}

function invalid(what: string): PacelineError {
  return new PacelineError('OPTIONS_INVALID', `${what}; nothing was opened or changed`);
}
