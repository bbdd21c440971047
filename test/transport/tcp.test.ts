import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { until } from './poll.ts';
import { peersOnFreePorts, startMember } from './tcp-members.ts';

describe('TCP transport', () => {
  test('an address in use is named, with what to do', async () => {
    const peers = await peersOnFreePorts(['a', 'b']);
    const a = await startMember('a', peers);
    const listen = a.transport.address;
    await assert.rejects(startMember('b', peers, { listen }), (error: Error) => {
      assert.equal((error as { code?: string }).code, 'ADDRESS_IN_USE');
      assert.ok(error.message.includes(listen));
      return true;
    });
    await a.transport.close();
  });

  test('an address that is not of this machine is refused as an option', async () => {
    const peers = await peersOnFreePorts(['a', 'b']);
    const elsewhere = startMember('a', peers, { listen: '192.0.2.1:7000' });
    await assert.rejects(elsewhere, { code: 'OPTIONS_INVALID', message: /192\.0\.2\.1:7000/ });
  });

  test('port 0 takes a free port, and the address tells which', async () => {
    const peers = await peersOnFreePorts(['a', 'b']);
    const a = await startMember('a', peers, { listen: '127.0.0.1:0' });
    assert.match(a.transport.address, /^127\.0\.0\.1:[1-9]\d*$/);
    await a.transport.close();
  });

  test('a peer that dials is dialled at once, whatever the backoff says', async () => {
    const peers = await peersOnFreePorts(['a', 'b']);
    const limits = { backoffMinMs: 60_000, backoffMaxMs: 60_000 };
    const a = await startMember('a', peers, { limits });
    // The immediate retry fails, too; the next attempt would be in half a minute at the earliest.
    const fromMs = performance.now();
    await until(() => performance.now() - fromMs > 100, 'two attempts in vain');
    const b = await startMember('b', peers);
    await until(() => a.transport.isConnected('b'), 'a to b');
    await Promise.all([a.transport.close(), b.transport.close()]);
  });

  test('frames of one turn leave in one piece', async () => {
    const peers = await peersOnFreePorts(['a', 'b']);
    const a = await startMember('a', peers);
    const b = await startMember('b', peers);
    await until(() => a.transport.isConnected('b'), 'a to b');
    const turns: number[] = [];
    let turn = 0;
    b.record.onFrame = () => {
      if (turns.length === 0) setImmediate(() => turn++);
      turns.push(turn);
    };
    for (let i = 0; i < 50; i++) a.transport.send('b', 'raft', [Uint8Array.of(i)]);
    await until(() => turns.length === 50, 'all frames');
    assert.deepEqual(new Set(turns), new Set([0]));
    await Promise.all([a.transport.close(), b.transport.close()]);
  });

  test('after close nothing keeps the process alive', async () => {
    const members = await peersOnFreePorts(['a', 'b', 'c']);
    const module = new URL('../../src/transport/tcp.js', import.meta.url).href;
    const program = `
      import { openTcpTransport } from ${JSON.stringify(module)};
      const members = ${JSON.stringify(members)};
      let up = 0;
      const handlers = {
        onConnect: () => { if (++up === 2) setImmediate(close); },
        onFrame() {}, onDisconnect() {}, onRefused(peer, error) { throw error; },
      };
      const open = (self, i) => openTcpTransport(
        { self, listen: members[i].address, clusterId: 'x', members, secret: 's' }, handlers);
      // The third member is not there: its dialling must end, too.
      const both = await Promise.all(['a', 'b'].map(open));
      async function close() {
        await Promise.all(both.map((transport) => transport.close()));
        console.log('closed');
      }`;
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
      timeout: 20_000,
    });
    assert.equal((await run).stdout, 'closed\n');
  });
});
