import { AUTH, type Connection } from './binding.ts';
import { SAVEPOINTS_REFUSED } from './savepoints.ts';

/** Pragmas that only read, or that change the database file itself and so are replicated like any write. */
const PRAGMAS_ALLOWED = new Set(
  (
    'application_id auto_vacuum collation_list compile_options data_version database_list defer_foreign_keys encoding ' +
    'foreign_key_check foreign_key_list foreign_keys freelist_count function_list incremental_vacuum index_info index_list ' +
    'index_xinfo integrity_check journal_mode module_list optimize page_count page_size pragma_list quick_check ' +
    'schema_version table_info table_list table_xinfo user_version'
  ).split(' '),
);
/** Of these, the ones that may only be asked, not set. */
const PRAGMAS_ASK_ONLY = new Set(
  'auto_vacuum encoding foreign_keys journal_mode page_size schema_version'.split(' '),
);

const TEMPORARY = new Set<number>([
  AUTH.CREATE_TEMP_INDEX,
  AUTH.CREATE_TEMP_TABLE,
  AUTH.CREATE_TEMP_TRIGGER,
  AUTH.CREATE_TEMP_VIEW,
]);
/** Pragmas that change the file although nothing is assigned to them. */
const PRAGMAS_WRITING = new Set(['incremental_vacuum', 'optimize']);
/** Pragmas that are asked about what stands in parentheses. */
const PRAGMAS_WITH_SUBJECT = new Set(
  (
    'foreign_key_check foreign_key_list function_list index_info index_list index_xinfo integrity_check quick_check ' +
    'table_info table_list table_xinfo'
  ).split(' '),
);
/** They write pages, and the authorizer is not told of any row. */
const REBUILDS = new Set<number>([AUTH.REINDEX, AUTH.ANALYZE]);
const DML = new Set<number>([AUTH.INSERT, AUTH.UPDATE, AUTH.DELETE]);
/** They may bring what SQLite does by itself later: a trigger, a foreign key. */
const DEFINITIONS = new Set<number>([AUTH.CREATE_TABLE, AUTH.CREATE_TRIGGER, AUTH.ALTER_TABLE]);
const FUNCTIONS_DENIED = new Set(['load_extension', 'fts3_tokenizer']);
export const OURS_REFUSED =
  'names that begin with _paceline belong to Paceline: choose another one';
const OURS = /^_paceline/i;
const KEYS_HINT =
  '; PRAGMA foreign_keys=off as the first statement of a batch holds for that batch';
const SCHEMA_TABLES = new Set(['sqlite_master', 'sqlite_schema', 'sqlite_temp_master']);

/** What the authorizer's callback is told about one action of a statement. */
interface Action {
  readonly code: number;
  readonly first: string | null;
  readonly second: string | null;
  readonly database: string | null;
  /** The trigger or view that the action is in. */
  readonly inside: string | null;
}

/** What a statement does, as SQLite's parser saw it when it was prepared. */
export interface StatementEffect {
  /** The table that the statement itself, not a trigger, inserts into. */
  readonly inserts: string | null;
  /** Inserts, updates or deletes rows. */
  readonly rows: boolean;
  readonly schema: boolean;
  /** Names of the tables and triggers that it makes or alters. */
  readonly defines: readonly string[];
  /** Does anything else than read. */
  readonly writes: boolean;
}

/**
 * What a client may not do on the writer connection, decided by SQLite's own parser, not by the statement's text.
 * Paceline's own statements run with the guard lifted.
 */
export class StatementGuard {
  #lifted = false;
  #refusal: string | null = null;
  #inserts: string | null = null;
  #rows = false;
  #schema = false;
  #pragma = false;
  #defines: string[] = [];
  readonly #tables = new Set<string | null>();

  constructor(connection: Connection) {
    connection.setAuthorizer((code, first, second, database, inside) => {
      if (this.#lifted) return AUTH.OK;
      const action = { code, first, second, database, inside };
      this.#note(action);
      const refusal = refuse(action);
      this.#refusal ??= refusal;
      return refusal === null ? AUTH.OK : AUTH.DENY;
    });
  }

  /** Call before a statement is prepared. */
  begin(): void {
    this.#refusal = null;
    this.#inserts = null;
    this.#rows = false;
    this.#schema = false;
    this.#pragma = false;
    this.#defines = [];
    this.#tables.clear();
  }

  /** Tables whose rows are changed, by a trigger or otherwise. */
  get tablesChanged(): number {
    return this.#tables.size;
  }

  /** Why the statement prepared since `begin` was refused; null if it was not. */
  get refusal(): string | null {
    return this.#refusal;
  }

  effect(): StatementEffect {
    const writes = this.#rows || this.#schema || this.#pragma;
    const [inserts, rows, schema] = [this.#inserts, this.#rows, this.#schema];
    return { inserts, rows, schema, defines: this.#defines, writes };
  }

  /** Runs `work` with statements of Paceline's own. SQLite asks again when it re-prepares, so running counts too. */
  lifted<T>(work: () => T): T {
    this.#lifted = true;
    try {
      return work();
    } finally {
      this.#lifted = false;
    }
  }

  #note({ code, first, second, inside }: Action): void {
    if (isSchemaChange(code) || REBUILDS.has(code)) this.#schema = true;
    const defined = code === AUTH.ALTER_TABLE ? second : first;
    if (DEFINITIONS.has(code) && defined !== null) this.#defines.push(defined);
    if (DML.has(code) && !SCHEMA_TABLES.has(first ?? '')) {
      this.#rows = true;
      this.#tables.add(first);
    }
    if (code === AUTH.INSERT && inside === null) this.#inserts = first;
    if (code === AUTH.PRAGMA && isPragmaThatWrites(first ?? '', second)) this.#pragma = true;
  }
}

function refuse(action: Action): string | null {
  const { code, first, second } = action;
  if (code === AUTH.PRAGMA) return refusePragma(first ?? '', second);
  if (code === AUTH.ATTACH)
    return 'ATTACH is not for clients: a cluster replicates one database file';
  if (code === AUTH.DETACH) return 'DETACH is not for clients';
  if (code === AUTH.TRANSACTION)
    return 'BEGIN, COMMIT and ROLLBACK are not for single statements: use batch() or transaction(), over HTTP POST /batch, for several statements in one transaction';
  if (code === AUTH.SAVEPOINT) return SAVEPOINTS_REFUSED;
  if (TEMPORARY.has(code) || (action.database === 'temp' && isSchemaChange(code)))
    return 'TEMP objects live in one connection and would not exist on the other members: use an ordinary table';
  if (code === AUTH.FUNCTION && FUNCTIONS_DENIED.has((second ?? '').toLowerCase()))
    return `${second}() is not for clients: extensions would have to be the same on all members`;
  return DML.has(code) ? refuseRows(action) : refuseNames(action);
}

function refuseRows({ first, inside }: Action): string | null {
  if (!isOurs(first)) return null;
  const readOnly = `"${first}" is Paceline’s own and may only be read`;
  if (inside === null) return `${readOnly}: use a table of yours`;
  return `trigger "${inside}" would write to a table, but ${readOnly}: make it without that, or drop it`;
}

function refuseNames({ code, first, second }: Action): string | null {
  return isSchemaChange(code) && (isOurs(first) || isOurs(second)) ? OURS_REFUSED : null;
}

export function isOurs(name: string | null): boolean {
  return name !== null && OURS.test(name);
}

function refusePragma(name: string, value: string | null): string | null {
  const pragma = name.toLowerCase();
  if (!PRAGMAS_ALLOWED.has(pragma))
    return `PRAGMA ${pragma} is not for clients: Paceline decides it, the same for all members`;
  if (value !== null && PRAGMAS_ASK_ONLY.has(pragma))
    return `PRAGMA ${pragma} may be asked here, not set${pragma === 'foreign_keys' ? KEYS_HINT : ''}`;
  return null;
}

function isPragmaThatWrites(name: string, value: string | null): boolean {
  const pragma = name.toLowerCase();
  return PRAGMAS_WRITING.has(pragma) || (value !== null && !PRAGMAS_WITH_SUBJECT.has(pragma));
}

function isSchemaChange(code: number): boolean {
  const createOrDrop = (code >= 1 && code <= 8) || (code >= 10 && code <= 17);
  return (
    createOrDrop ||
    code === AUTH.ALTER_TABLE ||
    code === AUTH.CREATE_VTABLE ||
    code === AUTH.DROP_VTABLE
  );
}
