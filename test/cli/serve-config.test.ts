import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { PacelineError } from '../../src/base/errors.ts';
import { readSecretFile } from '../../src/cli/secret-file.ts';
import { parseNumber, parsePairs, resolveServeConfig } from '../../src/cli/serve-config.ts';

const dir = mkdtempSync(join(tmpdir(), 'paceline-config-'));
after(() => rmSync(dir, { recursive: true }));

function write(name: string, content: unknown, mode = 0o600): string {
  const path = join(dir, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  chmodSync(path, mode);
  return path;
}

function refused(message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof PacelineError);
    assert.equal(error.code, 'OPTIONS_INVALID');
    assert.match(error.message, message);
    return true;
  };
}

test('flags win over the file, what is not given stays out', () => {
  const file = write('c.json', {
    ...{ dir: 'd', id: 'a', electionTimeoutMs: 2000, http: '127.0.0.1:1' },
    httpLimits: { requestsMax: 5 },
  });
  const config = resolveServeConfig({ id: 'b', http: undefined, heartbeatMs: 50 }, file);
  assert.deepEqual(config, {
    ...{ dir: 'd', id: 'b', electionTimeoutMs: 2000, heartbeatMs: 50 },
    ...{ http: '127.0.0.1:1', httpLimits: { requestsMax: 5 } },
  });
});

test('every durability can be the default, and 0 turns off what it turns off for open()', () => {
  const good = { dir: 'd', id: 'a', leaseDriftMs: 0 };
  for (const durability of ['local', 'quorum', 'all', 2, ['a', 'b']]) {
    const file = write('durability.json', { ...good, durability });
    assert.deepEqual(resolveServeConfig({}, file), { ...good, durability });
  }
});

test('what makes no sense is refused, naming it', () => {
  const good = { dir: 'd', id: 'a' };
  const cases: [object, RegExp][] = [
    [{ id: 'a' }, /"dir"/],
    [{ ...good, electionTimeoutMs: 'soon' }, /"electionTimeoutMs"/],
    [{ ...good, pageSizeBytes: NaN }, /"pageSizeBytes"/],
    [{ ...good, electionTimeout: 3 }, /^there is no setting "electionTimeout"; see /],
    [{ ...good, logLevel: 'loud' }, /"logLevel"/],
    [{ ...good, durability: 'most' }, /"durability"/],
    [{ ...good, heartbeatMs: 0 }, /"heartbeatMs"/],
    [{ ...good, httpLimits: { bodyMax: 1 } }, /there is no setting "httpLimits\.bodyMax"/],
    [{ ...good, members: { a: 3 } }, /"members\.a"/],
  ];
  for (const [flags, message] of cases)
    assert.throws(() => resolveServeConfig({ ...flags }, undefined), refused(message));
});

test('a config file that is missing, broken, or has the secret in it is refused', () => {
  const read = (file: string) => () => resolveServeConfig({ dir: 'd', id: 'a' }, file);
  assert.throws(read(join(dir, 'none.json')), refused(/cannot read the config file.*ENOENT/));
  assert.throws(read(write('broken.json', '{')), refused(/cannot read the config file/));
  assert.throws(read(write('list.json', [])), refused(/must hold a JSON object/));
  assert.throws(read(write('secret.json', { secret: 'x' })), refused(/"secretFile"/));
});

test('pairs are split at the first = and may not repeat a name', () => {
  assert.deepEqual(parsePairs(['a=h:1', 'b=[::1]:2'], 'F'), { a: 'h:1', b: '[::1]:2' });
  for (const bad of [['a'], ['=x'], ['a='], ['a=1', 'a=2']])
    assert.throws(() => parsePairs(bad, '--member ID=HOST:PORT'), refused(/--member/));
});

test('a secret is trimmed, never empty, and others should not read it', () => {
  const warnings: string[] = [];
  const read = (path: string) => readSecretFile(path, (message) => warnings.push(message));
  assert.equal(read(write('s1', '  a secret \n')), 'a secret');
  assert.deepEqual(warnings, []);
  assert.throws(() => read(write('s2', ' \n')), refused(/is empty.*openssl/));
  assert.throws(
    () => read(join(dir, 'none')),
    refused(/cannot read the secret file .*none: ENOENT.*; name a file/),
  );
  assert.equal(read(write('s3', 'x', 0o640)), 'x');
  assert.match(warnings.join(), /other users can read.*chmod 600/);
});

test('a flag that takes a number says so', () => {
  assert.equal(parseNumber('--set batchMs', '5'), 5);
  for (const text of ['soon', '5ms', ' ', 'Infinity'])
    assert.throws(
      () => parseNumber('--set batchMs', text),
      refused(/^--set batchMs takes a number, not /),
    );
});
