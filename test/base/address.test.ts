import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatAddress, parseAddress } from '../../src/base/address.ts';

describe('address', () => {
  test('names, IPv4 and IPv6 addresses are read, and written back the same', () => {
    const addresses = {
      'localhost:7000': { host: 'localhost', port: 7000 },
      '127.0.0.1:0': { host: '127.0.0.1', port: 0 },
      'db-1.example.com:65535': { host: 'db-1.example.com', port: 65535 },
      '[::1]:7000': { host: '::1', port: 7000 },
      '[fe80::1%eth0]:1': { host: 'fe80::1%eth0', port: 1 },
    };
    for (const [text, address] of Object.entries(addresses)) {
      assert.deepEqual(parseAddress(text), address);
      assert.equal(formatAddress(address), text);
    }
  });

  test('anything else is refused with the form to use', () => {
    const wrong = ['', 'host', ':1', 'host:', 'host:65536', 'host:-1', 'host:1x', '::1:7000'];
    wrong.push('[host]:1', '[::1]', '[]:1', 'a b:1', 'http://host:1', 'host:1/', 'host:123456');
    for (const text of wrong) {
      assert.throws(() => parseAddress(text), { code: 'OPTIONS_INVALID', message: /host:port/ });
    }
  });
});
