import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { LocalDatabase } from '../../src/api/database.ts';
import { DatabaseSync } from '../../src/sqlite/binding.ts';
import { freeAddresses } from '../cluster/addresses.ts';
import { until } from '../cluster/until.ts';
import { Lines, Local, leaderFirst } from './fixture.ts';

const IDS = ['a', 'b', 'c'];

/** Three addresses, and a file to import. */
async function prepare(t: TestContext) {
  const local = new Local(t);
  const file = local.dir('app.db');
  const db = new DatabaseSync(file);
  db.exec("CREATE TABLE imported(v); INSERT INTO imported VALUES ('all of it')");
  db.close();
  return { local, file, members: await freeAddresses(IDS) };
}

async function expectImported(all: readonly LocalDatabase[]): Promise<void> {
  for (const db of all)
    await until('the imported content', async () => {
      const { rows } = await db.query('SELECT v FROM imported');
      return rows[0]?.[0] === 'all of it';
    });
}

/** What a member says that must not take part: when it is opened, or as soon as it hears of the leader. */
async function refusalOf(start: () => Promise<LocalDatabase>): Promise<string> {
  const asError = (error: { code: string; message: string }) => error;
  const late = await start().catch(asError);
  if (!('status' in late)) {
    assert.equal(late.code, 'IMPORT_INVALID');
    return late.message;
  }
  const message = await until('the import is refused', async () => {
    const said = await late.status().then(() => null, asError);
    return said?.code === 'IMPORT_INVALID' && said.message;
  });
  await late.close();
  return message;
}

test('the importer and one empty member are enough: its content becomes that of the cluster, also for who comes later', async (t) => {
  const { local, file, members } = await prepare(t);
  const [a, c] = await Promise.all([
    local.open({ id: 'a', members }),
    local.open({ id: 'c', members, import: file }),
  ]);
  const [leader] = await leaderFirst([a!, c!]);
  assert.equal((await leader!.status()).id, 'c', 'an empty member does not lead before it');
  await expectImported([a!, c!]);
  const b = await local.open({ id: 'b', members });
  await expectImported([b]);
  await a!.close();
  // Given to a member that has its directory already, the option changes nothing.
  await expectImported([await local.open({ id: 'a', members, import: file })]);
});

test('a file that comes after the cluster has a leader is refused, at every start, and what the cluster has stays', async (t) => {
  const { local, file, members } = await prepare(t);
  const first = [await local.open({ id: 'a', members }), await local.open({ id: 'b', members })];
  const [leader] = await leaderFirst(first);
  await leader!.execute("CREATE TABLE own AS SELECT 'kept' AS v");
  for (const options of [{ import: file }, {}]) {
    const message = await refusalOf(() => local.open({ id: 'c', members, ...options }));
    assert.match(message, /has a history already .* empty this member's directory/);
  }
  for (const db of first) assert.deepEqual((await db.query('SELECT v FROM own')).rows, [['kept']]);
});

const BROKEN = `CREATE TABLE parent(id INTEGER PRIMARY KEY, name);
  CREATE TABLE child(p REFERENCES parent(id), q REFERENCES parent(id));
  CREATE TABLE whole(p REFERENCES parent(id));
  INSERT INTO parent VALUES (1, 'one');
  INSERT INTO whole VALUES (1);
  INSERT INTO child VALUES (1, 1), (2, 1), (3, 4);`;

const KEYS: Record<string, { sql: string; says: RegExp[] }> = {
  'that refer to nothing': {
    sql: BROKEN,
    says: [
      /app\.db: "child" has foreign keys that refer to nothing, 3 in all; they are imported as/,
    ],
  },
  'that are all kept': { sql: 'CREATE TABLE t(id INTEGER PRIMARY KEY, t REFERENCES t)', says: [] },
  'that make no sense': {
    sql: 'CREATE TABLE p(a); CREATE TABLE c(a REFERENCES p(a)); INSERT INTO c VALUES (1)',
    says: [
      /app\.db: its foreign keys cannot be checked \(foreign key mismatch .*writes to their tables fail/,
    ],
  },
};

for (const [what, { sql, says }] of Object.entries(KEYS))
  test(`foreign keys ${what} in an imported file: the import goes on, and says so`, async (t) => {
    const local = new Local(t);
    const file = local.dir('app.db');
    const source = new DatabaseSync(file, { enableForeignKeyConstraints: false });
    source.exec(sql);
    source.close();
    const logger = new Lines();
    const db = await local.open({ import: file, logger });
    const said = logger.lines.filter(({ level }) => level === 'warn').map(({ message }) => message);
    assert.equal(said.length, says.length, said.join('\n'));
    for (const [at, line] of said.entries()) assert.match(line, says[at]!);
    await db.execute('CREATE TABLE goes_on(x)');
  });
