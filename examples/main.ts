/**
 * Runs an example: three processes of the application, each with a member of the cluster in it, take orders; the process
 * that leads is killed; the others go on; it comes back; at the end all three must have every order that was acknowledged.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Application } from './application.ts';
import { type Shelf, STOCK } from './shop.ts';

const TOOLS = ['drizzle', 'kysely'];
/** Acknowledged before the leader is killed, and again after it was. */
const ORDERS = 60;
const PATIENCE_MS = 60_000;
const LOOK_MS = 20;

const acknowledged = new Set<string>();

type Found<T> = T | false | undefined;

async function until<T>(what: string, look: () => Found<T> | Promise<Found<T>>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await setTimeout(LOOK_MS);
  }
}

async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return `127.0.0.1:${port}`;
}

async function makeApplications(tool: string, base: string): Promise<Application[]> {
  const ids = ['a', 'b', 'c'];
  const addresses = await Promise.all(ids.map(freeAddress));
  const members = Object.fromEntries(ids.map((id, i) => [id, addresses[i]!]));
  const heard = (reference: string) => acknowledged.add(reference);
  return ids.map((id) => new Application(tool, { id, dir: join(base, id), members }, heard));
}

async function leaderOf(applications: readonly Application[]): Promise<Application> {
  const running = applications.filter((one) => one.running);
  return until('a leader that all know', async () => {
    const known = await Promise.all(running.map((one) => one.ask<string | null>('leader')));
    const leader = running.find(({ id }) => id === known[0]);
    return known.every((id) => id === known[0]) && leader;
  });
}

async function moreOrders(when: string): Promise<void> {
  const enough = acknowledged.size + ORDERS;
  await until('orders', () => acknowledged.size >= enough);
  console.log(`${acknowledged.size} orders acknowledged ${when}`);
}

function check(reports: readonly (readonly Shelf[])[]): void {
  const [first, ...others] = reports;
  for (const other of others) assert.deepEqual(other, first, 'members differ');
  for (const { title, stock, orders } of first!)
    assert.equal(stock + orders.length, STOCK, `copies of ${title} came or went`);
  const found = new Set(first!.flatMap(({ orders }) => orders));
  const lost = [...acknowledged].filter((reference) => !found.has(reference));
  assert.deepEqual(lost, [], 'acknowledged orders were lost');
  console.log(`all ${acknowledged.size} are on all three members, which have ${found.size}`);
}

async function run(applications: readonly Application[]): Promise<void> {
  await Promise.all(applications.map((one) => one.start()));
  await leaderOf(applications);
  await applications[0]!.ask('migrate');
  await Promise.all(applications.map((one) => one.ask('work')));
  await moreOrders('by three processes');

  const leader = await leaderOf(applications);
  await leader.kill();
  console.log(`${leader.id} led, and was killed`);
  await moreOrders('since then included');

  await leader.start();
  console.log(`${leader.id} is back; ${(await leaderOf(applications)).id} leads`);
  for (const one of applications) await one.ask('stop');
  const reports = await Promise.all(applications.map((one) => one.ask<Shelf[]>('report')));
  check(reports);
  await Promise.all(applications.map((one) => one.ask('close')));
}

const tool = process.argv[2] ?? '';
if (!TOOLS.includes(tool)) {
  console.error(`which example? ${TOOLS.join(' or ')}`);
  process.exit(2);
}
const base = mkdtempSync(join(tmpdir(), `paceline-${tool}-`));
const applications = await makeApplications(tool, base);
try {
  await run(applications);
} finally {
  await Promise.all(applications.map((one) => one.kill()));
  rmSync(base, { recursive: true, force: true });
}
