import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import type { Database } from '../../src/api/database.ts';
import { runPrompt } from '../../src/cli/prompt.ts';
import { until } from '../cluster/until.ts';
import { Local } from '../member/fixture.ts';

const CTRL_C = '\x03';
const LEFT = '\x1b[D';

/** Somebody at a terminal. */
class Typist {
  readonly #input = new PassThrough();
  readonly #output = new PassThrough();
  readonly ended: Promise<void>;
  #shown = '';

  constructor(database: Database) {
    this.#output.on('data', (some: Buffer) => {
      this.#shown += some.toString();
    });
    const streams = { input: this.#input, output: this.#output, terminal: true };
    this.ended = runPrompt(database, true, streams);
  }

  type(text: string): void {
    this.#input.write(text);
  }

  async sees(words: RegExp): Promise<void> {
    await until(`${words} on the screen`, () => words.test(this.#shown));
    this.#shown = '';
  }
}

async function typist(t: TestContext): Promise<Typist> {
  const someone = new Typist(await new Local(t).open());
  await someone.sees(/paceline> /);
  return someone;
}

test('Ctrl-C drops the line that is being typed, and those before it', async (t) => {
  const someone = await typist(t);
  someone.type(`SELECT nonsense${LEFT}${LEFT}`);
  await someone.sees(/nonsense/);
  someone.type(CTRL_C);
  await someone.sees(/paceline> /);
  someone.type('SELECT\rmore');
  await someone.sees(/\.\.\.> [\s\S]*more/);
  someone.type(CTRL_C);
  await someone.sees(/paceline> /);
  someone.type('SELECT 40 + 2;\r');
  await someone.sees(/\[\[42\]\]/);
  someone.type('.quit\r');
  await someone.ended;
});

test('Ctrl-C ends the prompt where nothing was typed', async (t) => {
  const someone = await typist(t);
  someone.type(CTRL_C);
  await someone.ended;
});
