import type { Database } from '../src/api/database.ts';
import type { Statement } from '../src/api/request.ts';
import type { Dataset } from './dataset.ts';
import { LIMITS } from './limits.ts';
import { SCHEMA } from './schema.ts';

export interface ImportProgress {
  readonly rows: number;
  readonly rowsInAll: number;
}

/** The request id of the batch that holds the row at `offset` of `table`. */
export function batchIdOf(table: string, offset: number): string {
  return `import-${table}-${Math.floor(offset / LIMITS.importBatchRows)}`;
}

interface Batch {
  readonly id: string;
  readonly statements: readonly Statement[];
}

/**
 * Makes the tables and fills them, table by table, in atomic batches. Returns how many writes were
 * acknowledged.
 */
export async function importDataset(
  database: Database,
  dataset: Dataset,
  onProgress: (progress: ImportProgress) => void,
): Promise<number> {
  const { countries, regions, cities } = dataset;
  const rowsInAll = countries.length + regions.length + cities.length;
  let rows = 0;
  let writes = 0;
  const onBatch = (done: number) => {
    rows += done;
    writes += 1;
    onProgress({ rows, rowsInAll });
  };
  await write(database, { id: 'import-schema', statements: SCHEMA });
  onBatch(0);
  await importTable(database, batchesOf('countries', countries, insertCountry), onBatch);
  await importTable(database, batchesOf('regions', regions, insertRegion), onBatch);
  await importTable(database, batchesOf('cities', cities, insertCity), onBatch);
  return writes;
}

/**
 * Sends the batches with a few in flight; they carry their own keys, so that their order does not
 * matter.
 */
async function importTable(
  database: Database,
  batches: Iterator<Batch>,
  onBatch: (rows: number) => void,
): Promise<void> {
  const sender = async () => {
    for (let next = batches.next(); !next.done; next = batches.next()) {
      await write(database, next.value);
      onBatch(next.value.statements.length);
    }
  };
  await Promise.all(Array.from({ length: LIMITS.importInFlight }, sender));
}

async function write(database: Database, { id, statements }: Batch): Promise<void> {
  await database.batch(statements, { id, timeoutMs: LIMITS.importTimeoutMs });
}

function* batchesOf<Row>(
  table: string,
  rows: readonly Row[],
  toStatement: (row: Row) => Statement,
): Generator<Batch, void> {
  for (let offset = 0; offset < rows.length; offset += LIMITS.importBatchRows) {
    const some = rows.slice(offset, offset + LIMITS.importBatchRows);
    yield { id: batchIdOf(table, offset), statements: some.map(toStatement) };
  }
}

function insertCountry({ code, name }: Dataset['countries'][number]): Statement {
  return { sql: 'INSERT INTO countries VALUES (?, ?)', args: [code, name] };
}

function insertRegion({ id, country, code, name }: Dataset['regions'][number]): Statement {
  return { sql: 'INSERT INTO regions VALUES (?, ?, ?, ?)', args: [id, country, code, name] };
}

function insertCity({ id, name, region, ...at }: Dataset['cities'][number]): Statement {
  const sql = 'INSERT INTO cities VALUES (?, ?, ?, ?, ?)';
  return { sql, args: [id, name, region, at.latitude, at.longitude] };
}
