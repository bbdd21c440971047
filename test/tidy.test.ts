import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';

/** Rules that no compiler checks. Tests run in the project's folder. */
const LINES_MAX = 300;
const COLUMNS_MAX = 100;
const FUNCTION_LINES_MAX = 70;

/** Which folders of src/ each may import from, besides itself. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  base: [],
  raft: ['base'],
  wal: ['base'],
  redo: ['base'],
  api: ['base'],
  'log-store': ['raft', 'base'],
  sqlite: ['wal', 'redo', 'api', 'raft', 'base'],
  transport: ['raft', 'base'],
  member: ['log-store', 'sqlite', 'transport', 'raft', 'wal', 'redo', 'api', 'base'],
  server: ['member', 'api', 'base'],
  client: ['api', 'base'],
  libsql: ['api', 'base'],
};
const PURE = ['base', 'raft', 'wal', 'redo', 'api'];

interface Source {
  readonly path: string;
  readonly folder: string;
  readonly text: string;
}

function sources(root: string): Source[] {
  return readdirSync(root, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({
      path: join(root, file),
      folder: file.includes('/') ? file.split('/')[0]! : '',
      text: readFileSync(join(root, file), 'utf8'),
    }));
}

const all = sources('src');

test('imports inside src/ point downwards only', () => {
  const wrong: string[] = [];
  for (const { path, folder, text } of all) {
    const allowed = MAY_IMPORT[folder];
    if (allowed === undefined) continue;
    for (const [, target] of text.matchAll(/from '(\.[^']+)'/g)) {
      const to = normalize(join(dirname(path), target!)).split('/')[1]!;
      if (to !== folder && !allowed.includes(to)) wrong.push(`${path} imports ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('the pure rings have no clock, no chance, and nothing to wait for', () => {
  const banned = /\b(Date|Math\.random|await|async|Promise|process|Buffer|performance)\b/;
  const found = all
    .filter(({ folder }) => PURE.includes(folder))
    .flatMap(({ path, text }) =>
      code(text)
        .split('\n')
        .filter((line) => banned.test(line) && !isTypeOnly(path, line))
        .map((line) => `${path}: ${line.trim()}`),
    );
  assert.deepEqual(found, []);
});

/** api/ declares what asynchronous calls look like; types do nothing. */
function isTypeOnly(path: string, line: string): boolean {
  return path.startsWith('src/api/') && /(:|=>) Promise<.*>[;,]$/.test(line);
}

/** The text without comments and strings. */
function code(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\/\/.*$/gm, '')
    .replace(/'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, "''");
}

test('SQLite is opened in src/sqlite only', () => {
  const others = all.filter(({ folder, text }) => {
    return folder !== 'sqlite' && /sqlite\/binding|@photostructure\/sqlite|node:sqlite/.test(text);
  });
  assert.deepEqual(
    others.map(({ path }) => path),
    [],
  );
});

test('files and functions are small', () => {
  const large = [
    ...all,
    ...sources('test'),
    ...sources('demo'),
    ...sources('bench'),
    ...sources('proof'),
    ...sources('examples'),
  ].flatMap(({ path, text }) => {
    const lines = text.split('\n');
    const wide = lines.findIndex((line) => line.length > COLUMNS_MAX && !/['"`]/.test(line));
    return [
      ...(lines.length > LINES_MAX ? [`${path} has ${lines.length} lines`] : []),
      ...(wide >= 0 && path.startsWith('src') && !/^\s*(\*|\/\/|\/\*)/.test(lines[wide]!)
        ? [`${path}:${wide + 1} has ${lines[wide]!.length} columns`]
        : []),
      ...(path.startsWith('src') ? longFunctions(path, lines) : []),
    ];
  });
  assert.deepEqual(large, []);
});

/** Functions and methods, told by their indentation: the formatter has put the closing brace under the first line. */
function longFunctions(path: string, lines: readonly string[]): string[] {
  const found: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    const opening = /^( {0,2})(?:export )?(?:async )?(?:function\*? )?[#\w]+(?:<.*>)?\(.*\{$/.exec(
      lines[i]!,
    );
    if (opening === null || /^\s*(if|for|while|switch|catch)\b/.test(lines[i]!)) continue;
    const end = lines.findIndex((line, k) => k > i && line === `${opening[1]}}`);
    if (end - i > FUNCTION_LINES_MAX) found.push(`${path}:${i + 1} is ${end - i} lines long`);
  }
  return found;
}

test('there are no marks of unfinished work, no `any`, and one barrel', () => {
  const marks = /\b(TODO|FIXME|XXX)\b|: any\b|\bas any\b|@ts-(ignore|nocheck)|catch \{\s*\}/;
  const found = [...all, ...sources('test')]
    .filter(({ path }) => path !== 'test/tidy.test.ts')
    .flatMap(({ path, text }) =>
      text
        .split('\n')
        .filter((line) => marks.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    );
  const barrels = all
    .filter(
      ({ path, text }) => path !== 'src/index.ts' && /^export \* |^export \{.*\} from/m.test(text),
    )
    .map(({ path }) => `${path} re-exports`);
  assert.deepEqual([...found, ...barrels], []);
});
