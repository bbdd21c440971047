/** FTS5 in all its content modes, and what belongs to them; FTS3 and FTS4. */
import type { Context, Feature } from '../context.ts';
import { batch, type Draft, execute, query, statement } from '../step.ts';

export const NOUNS = ['rider', 'wheel', 'wind', 'hill', 'sprint', 'leader', 'gap', 'rain'];

export function sentence(c: Context): string {
  return Array.from({ length: c.int(2, 9) }, () => c.pick(NOUNS)).join(' ');
}

function on(table: string, make: (c: Context) => Draft): (c: Context) => Draft | null {
  return (c) => (c.catalog.has(table) ? make(c) : null);
}

function once(table: string, ...statements: string[]): (c: Context) => Draft | null {
  return (c) => (c.catalog.has(table) ? null : batch(statements));
}

/** The index is about the rows of another table, kept so by triggers. */
const external: Feature[] = [
  {
    name: 'create FTS5 over another table',
    weight: 3,
    make: once(
      'notes_found',
      'CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT, body TEXT)',
      "CREATE VIRTUAL TABLE notes_found USING fts5(title, body, content='notes', content_rowid='id', tokenize='trigram')",
      'CREATE TRIGGER notes_i AFTER INSERT ON notes BEGIN INSERT INTO notes_found(rowid, title, body) VALUES (NEW.id, NEW.title, NEW.body); END',
      "CREATE TRIGGER notes_d AFTER DELETE ON notes BEGIN INSERT INTO notes_found(notes_found, rowid, title, body) VALUES ('delete', OLD.id, OLD.title, OLD.body); END",
      "CREATE TRIGGER notes_u AFTER UPDATE ON notes BEGIN INSERT INTO notes_found(notes_found, rowid, title, body) VALUES ('delete', OLD.id, OLD.title, OLD.body); INSERT INTO notes_found(rowid, title, body) VALUES (NEW.id, NEW.title, NEW.body); END",
    ),
  },
  {
    name: 'insert into what FTS5 is over',
    weight: 3,
    make: on('notes_found', (c) =>
      execute('INSERT INTO notes(title, body) VALUES (?, ?), (?, ?)', [
        ...[sentence(c), sentence(c)],
        ...[c.text(), sentence(c)],
      ]),
    ),
  },
  {
    name: 'update and delete what FTS5 is over',
    weight: 2,
    make: on('notes_found', (c) =>
      c.chance(0.5)
        ? execute('UPDATE notes SET body = ? WHERE id % 5 = ?', [sentence(c), c.int(0, 4)])
        : execute('DELETE FROM notes WHERE id % 7 = ?', [c.int(0, 6)]),
    ),
  },
  {
    name: 'match over another table',
    weight: 2,
    make: on('notes_found', (c) =>
      query(
        "SELECT rowid, title, highlight(notes_found, 1, '[', ']'), typeof(rank) FROM notes_found WHERE notes_found MATCH ? ORDER BY rowid",
        [`"${c.pick(NOUNS).slice(0, 3)}"`],
      ),
    ),
  },
  {
    name: 'FTS5 that does not fit its content',
    succeeds: false,
    make: on('notes_found', (c) =>
      batch([
        "INSERT INTO notes VALUES (8001, 'rider one', 'x'), (8002, 'rider two', 'y'), (8003, 'rider three', 'z')",
        'DROP TRIGGER notes_d',
        'DELETE FROM notes WHERE id = 8002',
        c.pick([
          "SELECT snippet(notes_found, 0, '', '', '', 3) FROM notes_found('rider') ORDER BY rowid",
          "SELECT body FROM notes_found WHERE notes_found MATCH 'rider' ORDER BY rowid",
          "INSERT INTO notes_found(notes_found, rank) VALUES ('integrity-check', 1)",
        ]),
      ]),
    ),
  },
];

const others: Feature[] = [
  {
    name: 'create contentless FTS5 that deletes',
    weight: 2,
    make: once(
      'gone_words',
      "CREATE VIRTUAL TABLE gone_words USING fts5(w, n UNINDEXED, content='', contentless_delete=1, contentless_unindexed=1, columnsize=1)",
    ),
  },
  {
    name: 'insert into and delete from contentless FTS5',
    weight: 2,
    make: on('gone_words', (c) =>
      c.chance(0.7)
        ? execute('INSERT OR REPLACE INTO gone_words(rowid, w, n) VALUES (?, ?, ?)', [
            c.int(1, 60),
            sentence(c),
            c.int(0, 9),
          ])
        : execute('DELETE FROM gone_words WHERE rowid = ?', [c.int(1, 60)]),
    ),
  },
  {
    name: 'read contentless FTS5',
    make: on('gone_words', (c) =>
      query('SELECT rowid, w, n FROM gone_words(?) ORDER BY rowid', [c.pick(NOUNS)]),
    ),
  },
  {
    name: 'update of contentless FTS5 in part',
    succeeds: false,
    make: on('words', () =>
      batch([
        "INSERT OR REPLACE INTO words(rowid, w) VALUES (20001, 'x')",
        'DELETE FROM words WHERE rowid = 20001',
      ]),
    ),
  },
  {
    name: 'create FTS5 with little detail',
    make: once(
      'spare',
      'CREATE VIRTUAL TABLE spare USING fts5(a, b UNINDEXED, detail=column, columnsize=0, tokenize="ascii tokenchars \'-_\'")',
      "INSERT INTO spare(spare, rank) VALUES ('secure-delete', 1)",
      "INSERT INTO spare(spare, rank) VALUES ('pgsz', 120)",
      "CREATE VIRTUAL TABLE spare_terms USING fts5vocab('spare', 'row')",
      "CREATE VIRTUAL TABLE spare_places USING fts5vocab('spare', 'instance')",
    ),
  },
  {
    name: 'write to FTS5 with little detail',
    weight: 2,
    make: on('spare', (c) =>
      c.pick([
        execute('INSERT INTO spare(a, b) VALUES (?, ?)', [sentence(c), c.text()]),
        execute('DELETE FROM spare WHERE rowid % 4 = ?', [c.int(0, 3)]),
        execute("INSERT INTO spare(spare, rank) VALUES ('automerge', 2), ('usermerge', 3)"),
      ]),
    ),
  },
  {
    name: 'the vocabulary of FTS5',
    make: on('spare_terms', () => query('SELECT term, doc, cnt FROM spare_terms ORDER BY term')),
  },
  {
    name: 'FTS5 column filters, prefixes and near',
    make: on('docs', (c) =>
      query('SELECT rowid FROM docs WHERE docs MATCH ? ORDER BY rowid', [
        c.pick([
          'title : rider',
          '{title body} : whe*',
          'NEAR(rider wheel, 3)',
          '^rider',
          '-title : hill',
        ]),
      ]),
    ),
  },
  {
    name: 'write to the tables inside FTS5',
    succeeds: false,
    make: on('docs', () => execute("UPDATE docs_data SET block = x'00'")),
  },
  {
    name: 'create FTS3 and FTS4 of other kinds',
    make: once(
      'olds',
      'CREATE VIRTUAL TABLE olds USING fts3(a, tokenize=porter)',
      "CREATE VIRTUAL TABLE olds4 USING fts4(a, b, matchinfo=fts3, prefix='2', notindexed=b, languageid='l')",
      'CREATE VIRTUAL TABLE olds_terms USING fts4aux(olds)',
    ),
  },
  {
    name: 'write to FTS3 and FTS4 of other kinds',
    weight: 2,
    make: on('olds', (c) =>
      batch([
        statement('INSERT INTO olds VALUES (?)', [sentence(c)]),
        statement('INSERT INTO olds4(a, b, l) VALUES (?, ?, ?)', [
          sentence(c),
          c.text(),
          c.int(0, 2),
        ]),
        statement('DELETE FROM olds WHERE docid % 6 = ?', [c.int(0, 5)]),
        "INSERT INTO olds(olds) VALUES ('merge=2,2')",
        'SELECT term, documents FROM olds_terms WHERE col = 0 ORDER BY term',
        "SELECT docid, snippet(olds4), hex(matchinfo(olds4)) FROM olds4 WHERE olds4 MATCH 'rider' AND l = 1 ORDER BY docid",
      ]),
    ),
  },
];

export const FULL_TEXT_FEATURES: readonly Feature[] = [...external, ...others];
