import pg from 'pg';

export const HOST = '127.0.0.1';
/** The superuser that initdb makes. */
export const SUPERUSER = 'postgres';
const CONNECT_MS = 30_000;

function silent(): void {}

/** Nothing is left to the environment, where PGOPTIONS and the like might make other figures. */
export async function connectToPostgres(port: number): Promise<pg.Client> {
  const client = new pg.Client({
    ...{ host: HOST, port, user: SUPERUSER, database: 'postgres', ssl: false },
    options: '-c synchronous_commit=on',
    connectionTimeoutMillis: CONNECT_MS,
  });
  // A connection that broke says so to whoever asks next.
  client.on('error', silent);
  await client.connect();
  return client;
}

/** The first row of an answer that has one. */
export async function one<R extends pg.QueryResultRow>(client: pg.Client, sql: string): Promise<R> {
  const [row] = (await client.query<R>(sql)).rows;
  if (row === undefined) throw new Error(`no row: ${sql}`);
  return row;
}
