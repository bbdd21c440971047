import type { Statement } from '../src/api/request.ts';

/**
 * Of each kind something: foreign keys, a unique constraint, secondary indexes, FTS5, and triggers
 * that keep it filled.
 */
export const SCHEMA: readonly Statement[] = [
  `CREATE TABLE countries(
     code TEXT PRIMARY KEY,
     name TEXT NOT NULL
   )`,
  `CREATE TABLE regions(
     id INTEGER PRIMARY KEY,
     country TEXT NOT NULL REFERENCES countries(code),
     code TEXT NOT NULL,
     name TEXT NOT NULL,
     UNIQUE (country, code)
   )`,
  `CREATE TABLE cities(
     id INTEGER PRIMARY KEY,
     name TEXT NOT NULL,
     region INTEGER NOT NULL REFERENCES regions(id),
     latitude REAL NOT NULL,
     longitude REAL NOT NULL
   )`,
  'CREATE INDEX cities_by_region ON cities(region)',
  "CREATE VIRTUAL TABLE city_search USING fts5(name, content='cities', content_rowid='id')",
  `CREATE TRIGGER cities_inserted AFTER INSERT ON cities BEGIN
     INSERT INTO city_search(rowid, name) VALUES (new.id, new.name);
   END`,
  `CREATE TRIGGER cities_deleted AFTER DELETE ON cities BEGIN
     INSERT INTO city_search(city_search, rowid, name) VALUES ('delete', old.id, old.name);
   END`,
  `CREATE TRIGGER cities_renamed AFTER UPDATE OF name ON cities BEGIN
     INSERT INTO city_search(city_search, rowid, name) VALUES ('delete', old.id, old.name);
     INSERT INTO city_search(rowid, name) VALUES (new.id, new.name);
   END`,
  // What the background load writes. Its index is not unique, so that a write done twice would
  // show.
  `CREATE TABLE visits(
     id INTEGER PRIMARY KEY,
     writer TEXT NOT NULL,
     number INTEGER NOT NULL,
     city INTEGER NOT NULL REFERENCES cities(id)
   )`,
  'CREATE INDEX visits_by_writer ON visits(writer, number)',
].map((sql) => ({ sql }));

export const TABLES = ['countries', 'regions', 'cities', 'visits'] as const;
