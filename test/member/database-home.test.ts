import assert from 'node:assert/strict';
import { copyFileSync, fstatSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { sqliteHome } from '../../src/member/database-home.ts';
import { DatabaseSync } from '../../src/sqlite/binding.ts';

test('a database that takes the place of another one leaves no descriptor of that open', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'paceline-home-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const [path, incoming] = [join(dir, 'main.db'), join(dir, 'incoming.db')];
  const made = new DatabaseSync(path);
  made.exec(`PRAGMA journal_mode=WAL; CREATE TABLE _paceline(term, idx, cluster);
    INSERT INTO _paceline VALUES (1, 1, 'c')`);
  made.close();
  copyFileSync(path, incoming);
  const home = sqliteHome(path, join(dir, 'lost'));
  const opened = home.open();
  opened.close();
  for (const fd of opened.descriptors) assert.ok(fstatSync(fd).isFile());
  home.replaceBy(incoming, opened.descriptors);
  for (const fd of opened.descriptors) assert.throws(() => fstatSync(fd), { code: 'EBADF' });
});
