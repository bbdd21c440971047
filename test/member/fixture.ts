import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalDatabase } from '../../src/api/database.ts';
import { type OpenOptions, open } from '../../src/index.ts';
import { freeAddresses } from '../cluster/addresses.ts';
import { until } from '../cluster/until.ts';

interface Line {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
}

/** A logger that keeps what it is told. */
export class Lines {
  readonly lines: Line[] = [];
  readonly #at = (level: Line['level']) => (_fields: object, message: string) => {
    this.lines.push({ level, message });
  };
  readonly debug = this.#at('debug');
  readonly info = this.#at('info');
  readonly warn = this.#at('warn');
  readonly error = this.#at('error');

  errors(): string[] {
    return this.lines.filter(({ level }) => level === 'error').map(({ message }) => message);
  }
}

/** Anything with `after`: a test, or the hooks of a whole file. */
export interface Scope {
  readonly after: (fn: () => Promise<void>) => void;
}

/** Members in this process, each in a directory of its own; closed and removed when the scope ends. */
export class Local {
  readonly base = mkdtempSync(join(tmpdir(), 'paceline-member-'));
  readonly #open: LocalDatabase[] = [];

  constructor(scope: Scope) {
    scope.after(async () => {
      await Promise.all(this.#open.map((db) => db.close()));
      rmSync(this.base, { recursive: true, force: true });
    });
  }

  dir(name: string): string {
    return join(this.base, name);
  }

  /** A member named `a` in the directory of that name, unless the options say otherwise. */
  async open(options: Partial<OpenOptions> = {}): Promise<LocalDatabase> {
    const id = options.id ?? 'a';
    const db = await open({ id, dir: this.dir(id), ...options });
    this.#open.push(db);
    return db;
  }

  /** Members with these ids that form one cluster, the one that leads first. */
  async openAll(
    ids: readonly string[],
    options: Partial<OpenOptions> = {},
  ): Promise<LocalDatabase[]> {
    const members = await freeAddresses(ids);
    const all = await Promise.all(ids.map((id) => this.open({ ...options, members, id })));
    return leaderFirst(all);
  }
}

/** Waits until all know the same leader. */
export function leaderFirst(all: readonly LocalDatabase[]): Promise<LocalDatabase[]> {
  return until('a leader that all know', async () => {
    const statuses = await Promise.all(all.map((db) => db.status()));
    const at = statuses.findIndex(({ role }) => role === 'leader');
    if (at < 0 || statuses.some(({ leader }) => leader !== statuses[at]!.id)) return null;
    return [all[at]!, ...all.filter((_, i) => i !== at)];
  });
}

/** Waits until `db` has applied everything up to `index`. */
export async function applied(
  db: LocalDatabase,
  { index }: { readonly index: number },
): Promise<void> {
  await until(`entry ${index} applied`, async () => (await db.status()).appliedIndex >= index);
}
