import type { SqlArgs, SqlValue } from '../../src/api/value.ts';
import type { Prng } from '../../src/base/prng.ts';
import type { Write } from '../../src/sqlite/executor.ts';

/** One of everything that writes pages in its own way. */
export const SCHEMA: readonly string[] = [
  `CREATE TABLE parent(id INTEGER PRIMARY KEY, name TEXT, v INTEGER,
    twice INTEGER GENERATED ALWAYS AS (v * 2) STORED,
    tag TEXT GENERATED ALWAYS AS (name || ':' || v) VIRTUAL)`,
  'CREATE INDEX parent_v ON parent(v)',
  'CREATE INDEX parent_tag ON parent(tag)',
  `CREATE TABLE child(id INTEGER PRIMARY KEY, note TEXT,
    parent INTEGER REFERENCES parent(id) ON DELETE CASCADE)`,
  'CREATE INDEX child_parent ON child(parent)',
  'CREATE TABLE kv(k TEXT PRIMARY KEY, v) WITHOUT ROWID',
  'CREATE VIRTUAL TABLE docs USING fts5(title, body)',
  'CREATE VIRTUAL TABLE places USING rtree(id, x0, x1, y0, y1)',
  'CREATE TABLE blobs(id INTEGER PRIMARY KEY, b BLOB)',
  'CREATE TABLE audit(n INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT)',
  `CREATE TRIGGER parent_made AFTER INSERT ON parent BEGIN
    INSERT INTO audit(what) VALUES ('made ' || new.id); END`,
  `CREATE TRIGGER parent_gone AFTER DELETE ON parent BEGIN
    INSERT INTO audit(what) VALUES ('gone ' || old.id); END`,
];

interface Statement {
  readonly sql: string;
  readonly args?: SqlArgs;
}
type Step = (prng: Prng) => Statement[];

const WORDS = ['alpha', 'bravo', 'charlie', 'delta', 'echo', 'foxtrot', 'golf', 'hotel', 'india'];
const BLOB_BYTES = 1_100_000;

function text(prng: Prng, words: number): string {
  return Array.from({ length: words }, () => WORDS[prng.between(0, WORDS.length - 1)]).join(' ');
}

function times(prng: Prng, low: number, high: number, make: () => Statement): Statement[] {
  return Array.from({ length: prng.between(low, high) }, make);
}

function statement(sql: string, ...args: SqlValue[]): Statement {
  return { sql, args };
}

const makeParents: Step = (prng) =>
  times(prng, 1, 15, () =>
    statement('INSERT INTO parent(name, v) VALUES (?, ?)', text(prng, 2), prng.between(0, 1e6)),
  );

const makeChildren: Step = (prng) => [
  statement(
    `INSERT INTO child(parent, note) SELECT id, ? FROM parent WHERE id % ? = 0 LIMIT 50`,
    text(prng, 6),
    prng.between(1, 9),
  ),
];

const removeParents: Step = (prng) => [
  statement('DELETE FROM parent WHERE id % ? = 0', prng.between(3, 20)),
];

const updateParents: Step = (prng) => [
  statement('UPDATE parent SET v = v + 1 WHERE v % ? = 0', prng.between(2, 30)),
];

const setKeys: Step = (prng) =>
  times(prng, 1, 12, () =>
    statement(
      'INSERT INTO kv VALUES (?, ?) ON CONFLICT(k) DO UPDATE SET v = excluded.v',
      `key ${prng.between(0, 500)}`,
      text(prng, prng.between(1, 40)),
    ),
  );

const writeDocs: Step = (prng) => [
  ...times(prng, 1, 6, () =>
    statement('INSERT INTO docs(title, body) VALUES (?, ?)', text(prng, 3), text(prng, 50)),
  ),
  ...(prng.chance(0.2) ? [statement("INSERT INTO docs(docs) VALUES ('optimize')")] : []),
  ...(prng.chance(0.3) ? [statement('DELETE FROM docs WHERE rowid % 7 = 0')] : []),
];

const placePlaces: Step = (prng) =>
  times(prng, 1, 20, () => {
    const [x, y] = [prng.between(0, 1000), prng.between(0, 1000)];
    const id = prng.between(1, 1000);
    return statement(
      'INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?, ?)',
      id,
      x,
      x + 5,
      y,
      y + 5,
    );
  });

const storeBlob: Step = (prng) => {
  const bytes = new Uint8Array((prng.chance(0.3) ? BLOB_BYTES : prng.between(0, 20_000)) & ~3);
  const words = new Uint32Array(bytes.buffer);
  for (let i = 0; i < words.length; i++) words[i] = prng.next();
  return [statement('INSERT INTO blobs(b) VALUES (?)', bytes)];
};

const dropBlobs: Step = () => [
  statement('DELETE FROM blobs WHERE id <= (SELECT max(id) - 2 FROM blobs)'),
];

/** Grows the database by pages that are free again at the end of the transaction. */
const makeAndDrop: Step = (prng) => [
  statement('CREATE TABLE passing(a)'),
  statement('INSERT INTO passing VALUES (zeroblob(?))', prng.between(1, 300_000)),
  statement('INSERT INTO parent(name, v) VALUES (?, 1)', text(prng, 30)),
  statement('DROP TABLE passing'),
];

const changeSchema: Step = (prng) => {
  const name = `extra_${prng.between(0, 4)}`;
  if (prng.chance(0.4)) return [statement(`DROP TABLE IF EXISTS ${name}`)];
  return [
    statement(`CREATE TABLE IF NOT EXISTS ${name}(a, b)`),
    statement(`INSERT INTO ${name}(a, b) SELECT id, name FROM parent LIMIT 200`),
    statement(`CREATE INDEX IF NOT EXISTS ${name}_b ON ${name}(b)`),
    statement(`ALTER TABLE ${name} ADD COLUMN c_${prng.next()} DEFAULT 'x'`),
  ];
};

const vacuumSome: Step = (prng) => [
  statement(`PRAGMA incremental_vacuum(${prng.between(1, 500)})`),
];

const analyze: Step = () => [statement('ANALYZE')];

const fail: Step = (prng) => [
  ...makeParents(prng),
  statement(
    prng.chance(0.5)
      ? 'INSERT INTO child(parent) VALUES (-1)'
      : 'INSERT OR ROLLBACK INTO child(parent, id) SELECT NULL, 1 FROM (VALUES (1), (2))',
  ),
];

const STEPS: readonly (readonly [weight: number, step: Step])[] = [
  [20, makeParents],
  [10, makeChildren],
  [5, removeParents],
  [8, updateParents],
  [15, setKeys],
  [10, writeDocs],
  [8, placePlaces],
  [4, storeBlob],
  [4, dropBlobs],
  [4, makeAndDrop],
  [6, changeSchema],
  [5, vacuumSome],
  [1, analyze],
  [5, fail],
];

/** A random batch: several clients' writes, of one or of many statements, some of which fail. */
export function randomBatch(prng: Prng): Write[] {
  return Array.from({ length: prng.chance(0.3) ? prng.between(2, 6) : 1 }, () => {
    const statements = pick(prng)(prng);
    return { statements, id: prng.chance(0.2) ? `id ${prng.between(0, 50)}` : null };
  });
}

function pick(prng: Prng): Step {
  let at = prng.between(
    1,
    STEPS.reduce((sum, [weight]) => sum + weight, 0),
  );
  const found = STEPS.find(([weight]) => {
    at -= weight;
    return at <= 0;
  });
  if (found === undefined) throw new Error('the weights do not add up');
  return found[1];
}
