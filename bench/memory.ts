import { randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import { Cluster } from './cluster.ts';
import { peakRssMib } from './process-stats.ts';
import { COMMON_COLUMNS, column, printTable, progress, type Row } from './report.ts';
import { measured, Samples } from './samples.ts';

const MIB = 2 ** 20;
const BLOB_BYTES = 10_000;
const ROWS_PER_BATCH = 100;
/** Batches on the way: enough that the leader never waits for the application. */
const CONCURRENCY = 4;
const SQL = 'INSERT INTO blobs(data) VALUES (?)';

const COLUMNS = [
  ...COMMON_COLUMNS,
  column('MiB', 'importedMib', 0),
  column('s', 'seconds', 1),
  column('follower max RSS', 'followerRssMib', 0, ' MiB'),
  column('app max RSS', 'appRssMib', 0, ' MiB'),
];

/** The most memory that a follower's process ever has while the leader imports. */
export async function memory(dir: string, importMib: number): Promise<Row[]> {
  const cluster = await Cluster.start(join(dir, 'memory'), 'app');
  await cluster.app.execute('CREATE TABLE blobs(id INTEGER PRIMARY KEY, data BLOB)');
  const batches = Math.ceil((importMib * MIB) / (BLOB_BYTES * ROWS_PER_BATCH));
  const samples = new Samples();
  const start = performance.now();
  let begun = 0;
  const worker = async () => {
    while (begun < batches) {
      const number = begun++;
      if (number % 100 === 0) progress(`memory: batch ${number} of ${batches}`);
      const asked = performance.now();
      await cluster.app.batch(blobs());
      samples.add(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  await cluster.caughtUp();
  const seconds = (performance.now() - start) / 1000;
  const followers = [...cluster.children.values()].map((child) => peakRssMib(child.pid));
  const row: Row = {
    workload: 'memory',
    system: `import, batches of ${ROWS_PER_BATCH} × 10 KB`,
    concurrency: CONCURRENCY,
    ...measured(samples, samples.count, seconds),
    importedMib: importMib,
    seconds,
    mibPerSecond: importMib / seconds,
    followerRssMib: Math.max(...followers),
    appRssMib: peakRssMib(process.pid),
  };
  await cluster.close();
  printTable(
    'Memory while importing (per s: batches, until every member has applied them)',
    COLUMNS,
    [row],
  );
  return [row];
}

/** Random bytes: nothing on the way can make them smaller. */
function blobs() {
  const bytes = randomFillSync(new Uint8Array(BLOB_BYTES * ROWS_PER_BATCH));
  return Array.from({ length: ROWS_PER_BATCH }, (_, i) => ({
    sql: SQL,
    args: [bytes.slice(i * BLOB_BYTES, (i + 1) * BLOB_BYTES)],
  }));
}
