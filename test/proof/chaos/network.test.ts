import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Network } from '../../../proof/chaos/network.ts';
import { parseAddress } from '../../../src/base/address.ts';
import { freeAddresses } from '../../cluster/addresses.ts';
import { until } from '../../cluster/until.ts';

/** What arrived, as text. */
class Ear {
  text = '';

  constructor(socket: Socket) {
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => {
      this.text += bytes.toString();
    });
  }

  hears(text: string): Promise<unknown> {
    return until(
      `"${text}" arrives`,
      () => this.text === text,
      () => `so far: "${this.text}"`,
    );
  }
}

/** Two listeners with a network between them; `dial` connects from a to b. */
async function two(t: TestContext) {
  const listens = await freeAddresses(['a', 'b']);
  const accepted: Socket[] = [];
  const server: Server = createServer((socket) => accepted.push(socket));
  const { host, port } = parseAddress(listens.b!);
  server.listen(port, host);
  await once(server, 'listening');
  const network = await Network.open(listens);
  const sockets: Socket[] = [];
  t.after(async () => {
    for (const socket of [...sockets, ...accepted]) socket.destroy();
    server.close();
    await network.close();
  });
  const dial = () => {
    const socket = connect(parseAddress(network.addressOf('a', 'b')));
    socket.on('error', () => {});
    sockets.push(socket);
    return socket;
  };
  const join = async () => {
    const before = accepted.length;
    const near = dial();
    await until('b has accepted', () => accepted.length > before);
    const far = accepted.at(-1)!;
    return { near, far, atNear: new Ear(near), atFar: new Ear(far) };
  };
  return { network, accepted, dial, join };
}

test('bytes pass in both directions, and so does the end', async (t) => {
  const { join } = await two(t);
  const { near, far, atNear, atFar } = await join();
  near.write('there');
  far.write('back');
  await atFar.hears('there');
  await atNear.hears('back');
  const closed = once(far, 'close');
  near.end();
  await closed;
});

test('a direction that is held keeps its bytes for later, and the other one goes on', async (t) => {
  const { network, join } = await two(t);
  const { near, far, atNear, atFar } = await join();
  network.set('a', 'b', { kind: 'held' });
  near.write('one ');
  near.write('two');
  far.write('back');
  await atNear.hears('back');
  assert.equal(atFar.text, '');
  network.set('a', 'b', { kind: 'open' });
  await atFar.hears('one two');
});

test('the way back of a connection is the direction from the one who was dialled', async (t) => {
  const { network, join } = await two(t);
  const { near, far, atNear, atFar } = await join();
  network.set('b', 'a', { kind: 'held' });
  far.write('back');
  near.write('there');
  await atFar.hears('there');
  assert.equal(atNear.text, '');
  network.heal();
  await atNear.hears('back');
});

test('a member that dies behind a held direction is noticed when it opens', async (t) => {
  const { network, join } = await two(t);
  const { near, far, atFar } = await join();
  network.set('b', 'a', { kind: 'held' });
  far.destroy();
  near.write('x');
  let closed = false;
  near.once('close', () => {
    closed = true;
  });
  near.resume();
  assert.equal(atFar.text, '');
  assert.ok(!closed);
  network.heal();
  await until('the connection closes', () => closed);
});

test('a connection that begins while its direction is held arrives when it opens', async (t) => {
  const { network, accepted, dial } = await two(t);
  network.set('a', 'b', { kind: 'held' });
  const near = dial();
  await once(near, 'connect');
  near.write('hello');
  assert.equal(accepted.length, 0);
  network.set('a', 'b', { kind: 'open' });
  await until('b has accepted', () => accepted.length === 1);
  await new Ear(accepted[0]!).hears('hello');
});

test('closing a direction resets its connections, and refuses new ones until it opens', async (t) => {
  const { network, accepted, dial, join } = await two(t);
  const { near } = await join();
  const closed = once(near, 'close');
  network.set('a', 'b', { kind: 'closed' });
  await closed;
  await once(dial(), 'close');
  assert.equal(accepted.length, 1);
  network.heal();
  const { near: again, atFar } = await join();
  again.write('again');
  await atFar.hears('again');
});

test('a slow direction loses nothing and keeps the order', async (t) => {
  const { network, join } = await two(t);
  const { near, atFar } = await join();
  network.set('a', 'b', { kind: 'slow', delayMs: 30 });
  const words = Array.from({ length: 50 }, (_, i) => `${i} `);
  for (const word of words) near.write(word);
  near.end();
  await atFar.hears(words.join(''));
});

test('more than fits on a held way comes through when it opens', async (t) => {
  const { network, join } = await two(t);
  const { near, atFar } = await join();
  network.set('a', 'b', { kind: 'held' });
  const text = 'x'.repeat(16 * 2 ** 20);
  near.write(text);
  network.set('a', 'b', { kind: 'open' });
  await until('all of it', () => atFar.text.length === text.length);
});
