import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { freeAddresses } from '../cluster/addresses.ts';
import { type Block, blocksOf, substitute } from './blocks.ts';

/** How the JavaScript and TypeScript of a document is run. */
interface Usage {
  /** What its fragments, blocks that import nothing, take for given besides `db`, a follower of three members. */
  readonly given?: string;
  /** What follows a block that leaves something open. */
  readonly rest?: string;
  readonly prints?: RegExp;
}

const USAGES: Readonly<Record<string, Usage>> = {
  'README.md': { prints: /index: \d+[\s\S]*Ann/ },
  'docs/reads.md': {
    given: `
      await a.execute('CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT)');
      const { lastInsertRowid: id } = await a.execute("INSERT INTO people(name) VALUES ('Ann')");
      await db.query('SELECT 1', [], { after: a.token });
      const token = a.token;`,
    prints: /^$|name: 'Ann'[\s\S]*true\n$/,
  },
  'docs/writes.md': {
    given: `
      await db.batch([
        { sql: 'CREATE TABLE orders(item TEXT)' },
        { sql: 'CREATE TABLE cart(item TEXT)' },
        { sql: 'CREATE TABLE cities(name TEXT, country TEXT)' },
        { sql: 'CREATE TABLE account(id INTEGER PRIMARY KEY, balance INTEGER)' },
        { sql: 'INSERT INTO account VALUES (1, 10), (2, 0)' },
      ]);
      const rows = [['Bern', 'CH'], ['Graz', 'AT']];`,
    prints: /^2\n$/,
  },
  'docs/clients-in-process.md': {
    rest: `
      await client.execute('CREATE TABLE people(name TEXT)');
      await orm.run("INSERT INTO people VALUES ('Ann')");
      for (const one of [db, copy])
        console.log((await one.introspection.getTables()).some(({ name }) => name === 'people'));
      await handle.close();`,
    prints: /^true\ntrue\n$/,
  },
};

/** Inside the package, where `paceline` is what was built. */
const BUILT = resolve('build/doc-blocks');
const TSC = resolve('node_modules/typescript/bin/tsc');
const TSC_FLAGS = [
  ...['--strict', '--noUncheckedIndexedAccess', '--exactOptionalPropertyTypes', '--skipLibCheck'],
  ...['--target', 'es2023', '--module', 'nodenext', '--types', 'node'],
  ...['--rootDir', '.', '--outDir', '.'],
];
const PATIENCE_MS = 180_000;

interface Program {
  readonly name: string;
  readonly language: string;
  readonly text: string;
}

const programs = Object.entries(USAGES).flatMap(([file, usage]) => programsOf(file, usage));
let dir: string;

/** A program of each block that is one, and one of all fragments. */
function programsOf(file: string, { given, rest = '' }: Usage): Program[] {
  const blocks = blocksOf(file, 'js', 'ts');
  const isWhole = ({ text }: Block) => /^import /m.test(text);
  const whole = blocks.filter(isWhole).map(({ line, language, text }) => ({
    ...{ name: `${file}:${line}`, language, text: text + rest },
  }));
  if (given === undefined) return whole;
  const fragments = blocks.filter((block) => !isWhole(block));
  const { language } = fragments[0]!;
  return [...whole, { name: `${file}, fragments`, language, text: joined(fragments, given) }];
}

function joined(fragments: readonly Block[], given: string): string {
  const opened = ['a', 'b', 'c'].map((id) => `open({ dir: '${id}', id: '${id}', members })`);
  return `
    import { open } from 'paceline';
    const members = { a: '127.0.0.1:1', b: '127.0.0.1:2', c: '127.0.0.1:3' };
    const [a, b, db] = await Promise.all([${opened.join(', ')}]);
    ${given}
    ${fragments.map(({ text }) => `{\n${text}}`).join('\n')}
    await Promise.all([a, b, db].map((member) => member.close()));`;
}

const fileOf = ({ name }: Program) => join(BUILT, name.replaceAll(/\W+/g, '-'));

/** With addresses and a directory of this test, and with more patience than an application has: the machine may be busy. */
async function localize({ text }: Program): Promise<string> {
  const found = [...new Set(text.match(/127\.0\.0\.1:\d+/g))];
  const addresses = await freeAddresses(found);
  const patient = text.replaceAll(/timeoutMs: \d+/g, 'timeoutMs: 60_000');
  return substitute(patient, { ...addresses, '/tmp/': `${dir}/` });
}

before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'paceline-docs-'));
  rmSync(BUILT, { recursive: true, force: true });
  mkdirSync(BUILT, { recursive: true });
  for (const program of programs) {
    const extension = program.language === 'ts' ? 'mts' : 'mjs';
    writeFileSync(`${fileOf(program)}.${extension}`, await localize(program));
  }
});

after(() => rmSync(dir, { recursive: true, force: true }));

test('examples in TypeScript have no errors of types', () => {
  const typed = programs.filter(({ language }) => language === 'ts');
  const files = typed.map((program) => `${fileOf(program)}.mts`);
  const { status, stdout } = spawnSync(process.execPath, [TSC, ...TSC_FLAGS, ...files], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stdout);
});

for (const program of programs)
  test(`${program.name} runs`, () => {
    const cwd = mkdtempSync(join(dir, 'run-'));
    const { status, stdout, stderr } = spawnSync(process.execPath, [`${fileOf(program)}.mjs`], {
      ...{ cwd, encoding: 'utf8', timeout: PATIENCE_MS },
    });
    assert.equal(status, 0, `${stdout}\n${stderr}`);
    assert.match(stdout, USAGES[program.name.replace(/[:,].*/, '')]!.prints ?? /^/);
  });
