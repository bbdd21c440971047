import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PacelineError } from '../../src/index.ts';
import { stopAndCompare } from './files.ts';
import { type Cluster, converge, startCluster } from './fixture.ts';
import { type Member, MemberDied } from './member.ts';
import { until } from './until.ts';

const ACCOUNTS = 8;
const TOTAL = 1000 * ACCOUNTS;
const ADD = 'UPDATE account SET balance = balance + ? WHERE id = ?';
const ABORTED = { code: 'TRANSACTION_ABORTED', category: 'retryable' };

async function startBank(t: Parameters<typeof startCluster>[0]): Promise<Cluster> {
  const cluster = await startCluster(t, 3);
  const [member] = cluster.members;
  await member!.execute('CREATE TABLE account(id INTEGER PRIMARY KEY, balance INTEGER)');
  await member!.execute('CREATE TABLE moved(key TEXT)'); // not unique: done twice must show
  for (let id = 1; id <= ACCOUNTS; id++)
    await member!.execute('INSERT INTO account VALUES (?, 1000)', [id]);
  return cluster;
}

/** Clients that move money between accounts, reading first; what they were told is kept. */
class Movers {
  readonly committed = new Set<string>();
  readonly aborted = new Set<string>();
  readonly unknown = new Set<string>();
  readonly strange: unknown[] = [];
  #stopped = false;
  readonly #clients: Promise<void>[] = [];

  through(member: Member, count: number): void {
    for (let i = 0; i < count; i++) this.#clients.push(this.#client(member, `${member.id}${i}`));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients);
  }

  async #client(member: Member, name: string): Promise<void> {
    for (let n = 0; !this.#stopped; n++) {
      const key = `${name}.${member.pid}.${n}`;
      try {
        await this.#move(member, key, n);
        this.committed.add(key);
      } catch (error) {
        if (error instanceof MemberDied) {
          this.unknown.add(key);
          return;
        }
        this.#note(key, error);
      }
    }
  }

  async #move(member: Member, key: string, n: number): Promise<void> {
    const [from, to] = [(n % ACCOUNTS) + 1, ((n * 3 + 1) % ACCOUNTS) + 1];
    const tx = await member.begin('write', { id: key });
    const { rows } = await tx.query('SELECT balance FROM account WHERE id = ?', [from]);
    const amount = Math.floor((rows[0]![0] as number) / 10);
    await tx.execute(ADD, [-amount, from]);
    await tx.execute(ADD, [amount, to]);
    await tx.execute('INSERT INTO moved VALUES (?)', [key]);
    await tx.commit();
  }

  #note(key: string, error: unknown): void {
    if (!(error instanceof PacelineError)) this.strange.push(error);
    else if (error.code === 'OUTCOME_UNKNOWN') this.unknown.add(key);
    else if (error.category === 'retryable') this.aborted.add(key);
    else this.strange.push(error);
  }

  /** Each transaction that was said to be committed is there once, no other is, and no half of one. */
  async verify(member: Member): Promise<void> {
    assert.deepEqual(this.strange, []);
    const { rows } = await member.query('SELECT key FROM moved');
    const found = rows.map(([key]) => key as string);
    assert.equal(new Set(found).size, found.length, 'each once');
    const lost = [...this.committed].filter((key) => !found.includes(key));
    const undead = [...this.aborted].filter((key) => found.includes(key));
    assert.deepEqual({ lost, undead }, { lost: [], undead: [] });
    const sum = await member.query('SELECT sum(balance) FROM account');
    assert.deepEqual(sum.rows, [[TOTAL]]);
  }
}

async function committed(movers: Movers, count: number): Promise<void> {
  const goal = movers.committed.size + count;
  await until(`${count} more transactions`, () => movers.committed.size >= goal);
}

test('transactions through all members while leaders are killed and stand still: each is done once or not at all, as was said', async (t) => {
  const cluster = await startBank(t);
  const movers = new Movers();
  for (const member of cluster.members) movers.through(member, 2);
  for (let round = 0; round < 4; round++) {
    await committed(movers, 20);
    const leader = await cluster.leader();
    if (round % 2 === 0) await leader.kill();
    else leader.pause();
    await cluster.leader(cluster.others(leader));
    if (round % 2 === 0) {
      await leader.start();
      movers.through(leader, 2);
    } else leader.resume();
  }
  await committed(movers, 20);
  await movers.stop();
  await converge(cluster.members);
  for (const member of cluster.members) await movers.verify(member);
  await stopAndCompare(cluster);
});

test('a transaction that is open when its leader is killed is aborted, and can be run again', async (t) => {
  const cluster = await startBank(t);
  const leader = await cluster.leader();
  const [follower] = cluster.others(leader);
  const tx = await follower!.begin('write', { id: 'open' });
  await tx.execute(ADD, [1, 1]);
  await leader.kill();
  await assert.rejects(tx.execute(ADD, [1, 1]), ABORTED);
  await assert.rejects(tx.commit(), ABORTED);
  assert.deepEqual(await follower!.outcome('open'), { state: 'unknown' });
  const again = await follower!.begin('write', { id: 'open' });
  await again.execute(ADD, [1, 1]);
  const { position } = await again.commit();
  const outcome = await follower!.outcome('open');
  assert.ok(outcome.state === 'committed');
  assert.deepEqual(outcome.position, position);
});

test('a transaction on a leader that stands still is aborted; when that goes on, nothing of it is left', async (t) => {
  const cluster = await startBank(t);
  const leader = await cluster.leader();
  const [follower, other] = cluster.others(leader);
  const tx = await follower!.begin();
  await tx.execute('DELETE FROM account');
  leader.pause();
  await assert.rejects(tx.commit(), ABORTED);
  await other!.execute(ADD, [7, 1]);
  leader.resume();
  await converge(cluster.members);
  for (const member of cluster.members) {
    const { rows } = await member.query('SELECT sum(balance) FROM account');
    assert.deepEqual(rows, [[TOTAL + 7]]);
  }
});

test('when the member of an open transaction dies, others do not wait for it until its time is up', async (t) => {
  const cluster = await startCluster(t, 3, { transactionTimeoutMs: 600_000 });
  const leader = await cluster.leader();
  const [follower, other] = cluster.others(leader);
  await leader.execute('CREATE TABLE t(x)');
  const tx = await follower!.begin();
  await tx.execute('INSERT INTO t VALUES (1)');
  const waiting = other!.execute('INSERT INTO t VALUES (2)', [], { timeoutMs: 60_000 });
  await follower!.kill();
  await waiting;
  assert.deepEqual((await leader.query('SELECT x FROM t')).rows, [[2]]);
});

test('a leader that is closed lets the transaction that is open end first', async (t) => {
  const cluster = await startBank(t);
  const leader = await cluster.leader();
  const [follower] = cluster.others(leader);
  const tx = await follower!.begin();
  await tx.execute(ADD, [-5, 1]);
  const write = follower!.execute(ADD, [0, 3]);
  const closed = leader.close();
  await tx.execute(ADD, [5, 2]);
  await tx.commit();
  await Promise.all([closed, write]);
  const next = await cluster.leader(cluster.others(leader));
  const { rows } = await next.query('SELECT balance FROM account WHERE id < 3');
  assert.deepEqual(rows, [[995], [1005]]);
});

test('an open transaction holds up no checkpoint for longer than it lasts', async (t) => {
  const cluster = await startCluster(t, 3, { checkpointWalBytes: 2 ** 18 });
  const leader = await cluster.leader();
  await leader.execute('CREATE TABLE t(x)');
  const fill = 'INSERT INTO t VALUES (randomblob(20000))';
  for (let round = 0; round < 3; round++) {
    const tx = await cluster.members[round]!.begin();
    for (let i = 0; i < 40; i++) await tx.execute(fill);
    await tx.commit();
    for (let i = 0; i < 40; i++) await leader.execute(fill);
  }
  await until('the WAL was emptied', async () => {
    await leader.execute('INSERT INTO t VALUES (1)');
    return (await leader.status()).walBytes < 2 ** 19;
  });
  await converge(cluster.members);
});
