import { parseArgs } from 'node:util';

export const WORKLOADS = [
  'writes',
  'postgresql',
  'forwarded',
  'reads',
  'failover',
  'stop',
  'memory',
] as const;
export type Workload = (typeof WORKLOADS)[number];

/** What can be asked for on the command line; with the defaults the whole takes seven to eight minutes. */
export interface BenchOptions {
  /** null: every one that can be run on this machine. */
  readonly only: ReadonlySet<Workload> | null;
  /** Measured time of one cell in one round. */
  readonly seconds: number;
  /** Times every cell is measured, besides what is run to warm up. */
  readonly rounds: number;
  /** Kills of the leader. */
  readonly kills: number;
  /** Orderly stops of the leader. */
  readonly stops: number;
  /** What the leader imports in the memory workload. */
  readonly importMib: number;
  /** Parent of the members' directories; null: one on a real disk is looked for. */
  readonly dir: string | null;
  /** Where the rows are written as JSON; null: nowhere. */
  readonly json: string | null;
}

export const USAGE = `npm run bench -- [options]

  --only NAME[,NAME]  of ${WORKLOADS.join(', ')}
                      (all; postgresql only where its server is installed)
  --seconds N         measured time of a cell in one round (3)
  --rounds N          rounds, of which medians are printed (3)
  --kills N           kill -9 of the leader (10)
  --stops N           SIGTERM of the leader (5)
  --import-mib N      imported while a follower's memory is watched (1024)
  --dir DIR           where the files go; must not be a tmpfs (build/)
  --json FILE         the same figures as an array of rows
  --profile DIR       CPU profiles of every process and thread that ends by itself
`;

const DEFAULTS = { seconds: 3, rounds: 3, kills: 10, stops: 5, importMib: 1024 };

/** Throws an Error that names the option. */
export function parseOptions(argv: readonly string[]): BenchOptions | 'help' {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      only: text,
      seconds: text,
      rounds: text,
      kills: text,
      stops: text,
      'import-mib': text,
      dir: text,
      json: text,
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return 'help';
  return {
    only: workloads(values.only),
    seconds: positive('seconds', values.seconds, DEFAULTS.seconds),
    rounds: whole('rounds', values.rounds, DEFAULTS.rounds),
    kills: whole('kills', values.kills, DEFAULTS.kills),
    stops: whole('stops', values.stops, DEFAULTS.stops),
    importMib: whole('import-mib', values['import-mib'], DEFAULTS.importMib),
    dir: values.dir ?? null,
    json: values.json ?? null,
  };
}

function workloads(text: string | undefined): ReadonlySet<Workload> | null {
  if (text === undefined) return null;
  return new Set(
    text.split(',').map((name) => {
      const known = WORKLOADS.find((workload) => workload === name);
      if (known === undefined)
        throw new Error(`--only: there is no "${name}"; there are ${WORKLOADS.join(', ')}`);
      return known;
    }),
  );
}

function positive(name: string, text: string | undefined, standard: number): number {
  const value = text === undefined ? standard : Number(text);
  if (!(value > 0 && Number.isFinite(value)))
    throw new Error(`--${name} must be a number above zero, not "${text}"`);
  return value;
}

function whole(name: string, text: string | undefined, standard: number): number {
  const value = positive(name, text, standard);
  if (!Number.isSafeInteger(value)) throw new Error(`--${name} must be a whole number`);
  return value;
}
