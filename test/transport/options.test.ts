import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  checkTcpOptions,
  TCP_LIMITS,
  type TcpTransportOptions,
} from '../../src/transport/options.ts';

const valid: TcpTransportOptions = {
  self: 'n1',
  listen: '127.0.0.1:0',
  clusterId: 'orders',
  members: [
    { id: 'n1', address: 'host1:7000' },
    { id: 'n2', address: 'host2:7000' },
  ],
  secret: null,
};

describe('options of the TCP transport', () => {
  test('limits left out have their defaults', () => {
    const limits = checkTcpOptions({ ...valid, limits: { backoffMinMs: 7 } });
    assert.deepEqual(limits, { ...TCP_LIMITS, backoffMinMs: 7 });
  });

  test('what cannot work is refused with the reason', () => {
    const [n1, n2] = valid.members as [(typeof valid.members)[0], (typeof valid.members)[0]];
    const wrong: [Partial<TcpTransportOptions>, RegExp][] = [
      [{ self: 'n3' }, /n3, this member, is missing/],
      [{ members: [n1, n1] }, /twice/],
      [{ members: [n1, { ...n2, address: 'host2' }] }, /host2/],
      [{ members: [n1, { ...n2, address: 'host2:0' }] }, /port 0/],
      [{ members: [n1, { ...n2, id: 'n 2' }] }, /not an id/],
      [{ clusterId: '' }, /clusterId/],
      [{ listen: '7000' }, /7000/],
      [{ secret: '' }, /secret is empty/],
      [{ limits: { aliveIntervalMs: 0 } }, /aliveIntervalMs/],
      [{ limits: { queueBytesMax: 10 } }, /queueBytesMax/],
      [{ limits: { backoffMaxMs: 1 } }, /backoffMaxMs/],
      [{ limits: { frameBytesMax: 2 ** 31 } }, /2 GiB/],
    ];
    for (const [change, message] of wrong) {
      const refused = { code: 'OPTIONS_INVALID', message };
      assert.throws(() => checkTcpOptions({ ...valid, ...change }), refused);
    }
  });
});
