import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import type { Prng } from '../../src/base/prng.ts';

/** One of everything that writes pages in its own way. */
export const SCHEMA = `
  CREATE TABLE parent(id INTEGER PRIMARY KEY, name TEXT, v INTEGER,
    twice INTEGER GENERATED ALWAYS AS (v * 2) STORED,
    tag TEXT GENERATED ALWAYS AS (name || ':' || v) VIRTUAL);
  CREATE INDEX parent_v ON parent(v);
  CREATE INDEX parent_tag ON parent(tag);
  CREATE TABLE child(id INTEGER PRIMARY KEY, note TEXT,
    parent INTEGER REFERENCES parent(id) ON DELETE CASCADE);
  CREATE INDEX child_parent ON child(parent);
  CREATE TABLE kv(k TEXT PRIMARY KEY, v) WITHOUT ROWID;
  CREATE VIRTUAL TABLE docs USING fts5(title, body);
  CREATE VIRTUAL TABLE places USING rtree(id, x0, x1, y0, y1);
  CREATE TABLE blobs(id INTEGER PRIMARY KEY, b BLOB);
  CREATE TABLE audit(n INTEGER PRIMARY KEY, what TEXT);
  CREATE TRIGGER parent_made AFTER INSERT ON parent BEGIN
    INSERT INTO audit(what) VALUES ('made ' || new.id); END;
  CREATE TRIGGER parent_gone AFTER DELETE ON parent BEGIN
    INSERT INTO audit(what) VALUES ('gone ' || old.id); END;
`;

const BLOB_BYTES = 1_100_000;
const WORDS = ['alpha', 'bravo', 'charlie', 'delta', 'echo', 'foxtrot', 'golf', 'hotel', 'india'];

type Step = (db: DatabaseSyncInstance, prng: Prng) => void;

const text = (prng: Prng, words: number): string => {
  return Array.from({ length: words }, () => WORDS[prng.between(0, WORDS.length - 1)]).join(' ');
};

const makeParents: Step = (db, prng) => {
  const parent = db.prepare('INSERT INTO parent(name, v) VALUES (?, ?)');
  const child = db.prepare('INSERT INTO child(parent, note) VALUES (?, ?)');
  for (let n = prng.between(1, 30); n > 0; n--) {
    const { lastInsertRowid } = parent.run(text(prng, 2), prng.between(0, 1e6));
    for (let c = prng.between(0, 3); c > 0; c--) child.run(lastInsertRowid, text(prng, 6));
  }
};

const removeParents: Step = (db, prng) => {
  db.prepare('DELETE FROM parent WHERE id % ? = 0').run(prng.between(3, 20));
};

const updateParents: Step = (db, prng) => {
  db.prepare('UPDATE parent SET v = v + 1 WHERE v % ? = 0').run(prng.between(2, 30));
};

const setKeys: Step = (db, prng) => {
  const set = db.prepare(
    'INSERT INTO kv VALUES (?, ?) ON CONFLICT(k) DO UPDATE SET v = excluded.v',
  );
  for (let n = prng.between(1, 20); n > 0; n--) {
    set.run(`key ${prng.between(0, 500)}`, text(prng, prng.between(1, 40)));
  }
};

const writeDocs: Step = (db, prng) => {
  const write = db.prepare('INSERT INTO docs(title, body) VALUES (?, ?)');
  for (let n = prng.between(1, 10); n > 0; n--) write.run(text(prng, 3), text(prng, 50));
  if (prng.chance(0.2)) db.exec("INSERT INTO docs(docs) VALUES ('optimize')");
  if (prng.chance(0.3)) db.exec('DELETE FROM docs WHERE rowid % 7 = 0');
};

const placePlaces: Step = (db, prng) => {
  const place = db.prepare('INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?, ?)');
  for (let n = prng.between(1, 30); n > 0; n--) {
    const x = prng.between(0, 1000);
    const y = prng.between(0, 1000);
    place.run(prng.between(1, 1000), x, x + 5, y, y + 5);
  }
};

const storeBlob: Step = (db, prng) => {
  const bytes = new Uint8Array(prng.chance(0.5) ? BLOB_BYTES : prng.between(0, 20_000));
  const words = new Uint32Array(bytes.buffer, 0, bytes.length >>> 2);
  for (let i = 0; i < words.length; i++) words[i] = prng.next();
  db.prepare('INSERT INTO blobs(b) VALUES (?)').run(bytes);
};

const dropBlobs: Step = (db) => {
  db.exec('DELETE FROM blobs WHERE id <= (SELECT max(id) - 2 FROM blobs)');
};

const changeSchema: Step = (db, prng) => {
  const name = `extra_${prng.between(0, 4)}`;
  const there = db.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(name) !== undefined;
  if (!there) {
    db.exec(`CREATE TABLE ${name}(a, b); INSERT INTO ${name} SELECT id, name FROM parent`);
    db.exec(`CREATE INDEX ${name}_b ON ${name}(b)`);
  } else if (prng.chance(0.5)) {
    db.exec(`ALTER TABLE ${name} ADD COLUMN c_${prng.next()} DEFAULT 'x'`);
  } else {
    db.exec(`DROP TABLE ${name}`);
  }
};

const vacuumSome: Step = (db, prng) => {
  db.prepare(`PRAGMA incremental_vacuum(${prng.between(1, 500)})`).all();
};

const STEPS: readonly (readonly [weight: number, step: Step])[] = [
  [20, makeParents],
  [5, removeParents],
  [8, updateParents],
  [15, setKeys],
  [10, writeDocs],
  [8, placePlaces],
  [4, storeBlob],
  [4, dropBlobs],
  [6, changeSchema],
  [4, vacuumSome],
];

/** Runs one random transaction; sometimes it is rolled back, sometimes it holds several steps. */
export function runTransaction(db: DatabaseSyncInstance, prng: Prng): void {
  db.exec('BEGIN');
  for (let steps = prng.chance(0.2) ? 4 : 1; steps > 0; steps--) pick(prng)(db, prng);
  db.exec(prng.chance(0.05) ? 'ROLLBACK' : 'COMMIT');
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

/** What a reader sees in short: enough to notice a commit that is missing or half there. */
export function glance(db: DatabaseSyncInstance): unknown {
  return db
    .prepare(
      `SELECT (SELECT count(*) || ',' || total(twice) FROM parent) AS parents,
        (SELECT count(*) FROM child) AS children, (SELECT count(*) FROM audit) AS audit,
        (SELECT count(*) || ',' || total(length(v)) FROM kv) AS keys,
        (SELECT count(*) FROM docs WHERE docs MATCH 'alpha') AS docs,
        (SELECT count(*) FROM places WHERE x0 < 500) AS places,
        (SELECT count(*) || ',' || total(length(b)) FROM blobs) AS blobs,
        (SELECT group_concat(sql, ';') FROM sqlite_schema) AS schema`,
    )
    .get();
}
