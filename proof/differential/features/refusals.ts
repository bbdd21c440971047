/** What Paceline refuses by design, and SQLite would do: docs/limits.md lists it, and here is each of it with its code. */
import type { SqlArgs } from '../../../src/api/value.ts';
import type { ErrorCode } from '../../../src/base/errors.ts';
import type { Context, Feature } from '../context.ts';
import { batch, type Draft, execute, isSavepoint, query, statement, transaction } from '../step.ts';

function refusal(name: string, code: ErrorCode, make: (c: Context) => Draft | null): Feature {
  return {
    name: `refused: ${name}`,
    succeeds: false,
    make: (c) => {
      const draft = make(c);
      return draft === null ? null : { ...draft, expect: { refused: code } };
    },
  };
}

/** The same on every path: by itself, among others, as a read, and in each form of a transaction. */
function paths(c: Context, sql: string): Draft[] {
  const before = c.catalog.has('audit') ? ['INSERT INTO audit(what) VALUES (1)'] : [];
  return [
    execute(sql),
    // As the last of a batch it undoes what came before.
    batch([...before, sql]),
    query(sql),
    transaction([batch([...before, sql])]),
    transaction([query(sql)], 'roll back'),
    // Only there, and each by an execute of its own, savepoints are allowed.
    ...(isSavepoint(sql) ? [] : [transaction([execute(sql)])]),
  ];
}

function forbidden(name: string, ...texts: string[]): Feature {
  return refusal(name, 'STATEMENT_FORBIDDEN', (c) => c.pick(paths(c, c.pick(texts))));
}

const statements: Feature[] = [
  forbidden(
    'transactions',
    'BEGIN',
    'BEGIN IMMEDIATE',
    'COMMIT',
    'END',
    'ROLLBACK',
    'SAVEPOINT s',
    'RELEASE s',
    'ROLLBACK TO s',
  ),
  forbidden('attach and detach', "ATTACH ':memory:' AS other", 'DETACH main'),
  forbidden('vacuum', 'VACUUM', "VACUUM INTO 'copy.db'", '  /* x */ vacuum'),
  forbidden(
    'functions that load code',
    "SELECT load_extension('x')",
    "SELECT fts3_tokenizer('simple')",
  ),
  refusal('what a trigger or a table of a pragma would do', 'STATEMENT_FORBIDDEN', (c) => {
    const name = c.fresh('hidden');
    return batch(
      c.pick([
        [
          `CREATE TABLE ${name}(x)`,
          `CREATE TRIGGER ${name}_t AFTER INSERT ON ${name} BEGIN DELETE FROM _paceline; END`,
          `INSERT INTO ${name} VALUES (1)`,
        ],
        ['SELECT * FROM pragma_recursive_triggers'],
      ]),
    );
  }),
  forbidden(
    'temporary objects',
    'CREATE TEMP TABLE z(x)',
    'CREATE TEMPORARY VIEW z AS SELECT 1',
    'CREATE TABLE temp.z(x)',
  ),
  forbidden(
    'pragmas',
    'PRAGMA journal_mode = DELETE',
    'PRAGMA synchronous = OFF',
    'PRAGMA locking_mode = EXCLUSIVE',
    'PRAGMA wal_checkpoint',
    'PRAGMA page_size = 512',
    'PRAGMA writable_schema = ON',
    'PRAGMA foreign_keys = OFF',
    'PRAGMA cache_size = 5',
    'PRAGMA schema_version = 7',
    'PRAGMA encoding = "UTF-16"',
    'PRAGMA auto_vacuum = 1',
    'PRAGMA trusted_schema = 0',
    'PRAGMA secure_delete = ON',
    'PRAGMA query_only = 1',
    'PRAGMA case_sensitive_like = 1',
    'PRAGMA recursive_triggers = 0',
    'PRAGMA recursive_triggers',
    'PRAGMA temp_store = 1',
    'PRAGMA mmap_size = 0',
    'PRAGMA max_page_count = 1',
    'PRAGMA ignore_check_constraints = 1',
    'PRAGMA legacy_alter_table = 1',
    'PRAGMA reverse_unordered_selects = 1',
    'PRAGMA cell_size_check = 0',
    'PRAGMA analysis_limit = 5',
    'PRAGMA soft_heap_limit = 1',
    'PRAGMA shrink_memory',
    'PRAGMA wal_autocheckpoint = 1',
    'PRAGMA journal_size_limit = 1',
    'PRAGMA busy_timeout = 1',
    'PRAGMA nothing_of_this_name',
  ),
  forbidden(
    "Paceline's tables",
    'DELETE FROM _paceline',
    'UPDATE _paceline SET idx = 1',
    'INSERT INTO _paceline_requests_0 VALUES (1, 1, 1, NULL)',
    'DROP TABLE _paceline',
    'CREATE TRIGGER zz AFTER UPDATE ON _paceline BEGIN SELECT 1; END',
    'ALTER TABLE _paceline ADD COLUMN x',
    'CREATE INDEX zz ON _paceline(term)',
  ),
  forbidden(
    "names like Paceline's",
    'CREATE TABLE _paceline_x(a)',
    'CREATE VIEW _Paceline_v AS SELECT 1',
    'CREATE VIRTUAL TABLE _paceline_f USING fts5(a)',
    'CREATE TABLE IF NOT EXISTS _PACELINE_y(a)',
  ),
  refusal("renaming to a name like Paceline's", 'STATEMENT_FORBIDDEN', (c) =>
    c.table() === null ? null : execute(`ALTER TABLE ${c.table()!.name} RENAME TO _paceline_mine`),
  ),
  refusal('several statements', 'STATEMENTS_MANY', (c) =>
    execute(c.pick(['SELECT 1; SELECT 2', 'SELECT 1;;SELECT 2', "SELECT ';'; SELECT 1"])),
  ),
  refusal('no statement', 'STATEMENT_EMPTY', (c) =>
    execute(c.pick(['', '   ', ';', '-- nothing', '/* nothing */;'])),
  ),
  refusal('a text that is too long', 'REQUEST_TOO_LARGE', () =>
    execute(`SELECT '${'x'.repeat(1_100_000)}'`),
  ),
  refusal('a write through a read', 'READ_ONLY', (c) =>
    c.catalog.has('was_there')
      ? query(
          c.pick([
            'DELETE FROM was_there',
            'CREATE TABLE zz(x)',
            'PRAGMA user_version = 5',
            'INSERT INTO was_there VALUES (1) RETURNING x',
          ]),
        )
      : null,
  ),
  refusal('NUL in the text', 'REQUEST_INVALID', () => execute('SELECT 1 \0 + 2')),
];

const values: Feature[] = (
  [
    ['too few arguments', 'SELECT ?, ?', [1]],
    ['too many arguments', 'SELECT ?', [1, 2]],
    ['arguments where there are none', 'SELECT 1', [1]],
    ['an argument without parameter', 'SELECT :a', { a: 1, b: 2 }],
    ['a parameter without argument', 'SELECT :a, :b', { a: 1 }],
    ['names for question marks', 'SELECT ?', { a: 1 }],
    ['a list for names', 'SELECT :a', [1]],
    ['NaN', 'SELECT ?', [Number.NaN]],
    ['an integer of more than 64 bits', 'SELECT ?', [2n ** 63n]],
    ['text with NUL', 'SELECT ?', ['a\0b']],
  ] satisfies [string, string, SqlArgs][]
).map(([name, sql, args]) =>
  refusal(name, 'ARGUMENTS_INVALID', (c) =>
    c.pick([
      execute(sql, args),
      query(sql, args),
      batch([statement(sql, args)]),
      transaction([c.pick([execute(sql, args), query(sql, args), batch([statement(sql, args)])])]),
    ]),
  ),
);

export const REFUSAL_FEATURES: readonly Feature[] = [...statements, ...values];
