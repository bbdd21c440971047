import { join } from 'node:path';
import type { Prng } from '../../src/base/prng.ts';
import { DatabaseSync } from '../../src/sqlite/binding.ts';

/** What a database is made with, and cannot be changed later. */
export interface Variant {
  readonly pageSize: number;
  readonly encoding: 'UTF-8' | 'UTF-16le' | 'UTF-16be';
  readonly autoVacuum: 'NONE' | 'FULL' | 'INCREMENTAL';
}

const PLAIN: Variant = { pageSize: 4096, encoding: 'UTF-8', autoVacuum: 'NONE' };

function pick<T>(prng: Prng, list: readonly T[]): T {
  return list[prng.between(0, list.length - 1)]!;
}

/** Half of the seeds have the usual kind of database. */
export function chooseVariant(prng: Prng): Variant {
  if (prng.chance(0.5)) return PLAIN;
  return {
    pageSize: pick(prng, [512, 1024, 2048, 8192, 65536]),
    encoding: pick(prng, ['UTF-8', 'UTF-16le', 'UTF-16be']),
    autoVacuum: pick(prng, ['NONE', 'FULL', 'INCREMENTAL']),
  };
}

/** An empty database of that kind: its own file for the plain side, and for the cluster to import. */
export function makeDatabase(dir: string, name: string, variant: Variant): string {
  const path = join(dir, name);
  const db = new DatabaseSync(path);
  db.exec(`PRAGMA page_size = ${variant.pageSize}; PRAGMA encoding = '${variant.encoding}';
    PRAGMA auto_vacuum = ${variant.autoVacuum}; CREATE TABLE was_there(x); INSERT INTO was_there VALUES ('é')`);
  db.close();
  return path;
}

export function describeVariant({ pageSize, encoding, autoVacuum }: Variant): string {
  return `pages of ${pageSize}, ${encoding}, auto_vacuum ${autoVacuum}`;
}
