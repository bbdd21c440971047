import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { after } from 'node:test';

const running = new Set<ChildProcessWithoutNullStreams>();
/** Those that a failed test left. */
after(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** Another process with another copy of SQLite: Python's. One JSON command a line, one JSON answer a line. */
const PROGRAM = `
import json, select, sqlite3, sys
db = None

def jsonable(rows):
    return [[v.hex() if isinstance(v, bytes) else v for v in row] for row in rows]

def watch(sql):
    # Reads without a pause until the next command waits. Every answer must be one row (n, same, same, ...):
    # n never falls, and the others are equal.
    reads, last, wrong = 0, None, []
    while not select.select([sys.stdin], [], [], 0)[0] or reads == 0:
        try:
            row = db.execute(sql).fetchone()
        except sqlite3.Error as error:
            wrong.append('error: %s' % error)
            row = None
        reads += 1
        if row is not None:
            if last is not None and row[0] < last[0]: wrong.append('%r after %r' % (row, last))
            if len(set(row[1:])) > 1: wrong.append('torn: %r' % (row,))
            last = row
        if len(wrong) > 5: break
        if reads == 1:
            print(json.dumps('watching'), flush=True)
    return {'reads': reads, 'last': last, 'wrong': wrong}

def seize(sql):
    # Tries without a pause until it goes, or until the next command waits: the lock is let go for microseconds only.
    tries = 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        try:
            return jsonable(db.execute(sql).fetchall())
        except sqlite3.OperationalError:
            tries += 1
    return {'error': 'still locked after %d tries' % tries}

def answer(command):
    global db
    op, argument = command
    if op == 'open':
        db = sqlite3.connect(argument, isolation_level=None, timeout=0.05)
    elif op == 'close':
        db.close()
    elif op == 'watch':
        return watch(argument)
    elif op == 'seize':
        db.execute('PRAGMA busy_timeout=0')
        return seize(argument)
    else:
        return jsonable(db.execute(argument).fetchall())

# Line by line and unbuffered, so that select() knows whether something waits.
import os
buffered = b''
while True:
    while b'\\n' not in buffered:
        more = os.read(0, 65536)
        if not more: sys.exit()
        buffered += more
    line, buffered = buffered.split(b'\\n', 1)
    try:
        result = answer(json.loads(line))
    except sqlite3.Error as error:
        result = {'error': str(error)}
    print(json.dumps(result), flush=True)
`;

export interface Watched {
  readonly reads: number;
  readonly last: readonly number[];
  readonly wrong: readonly string[];
}

/** A foreign process that stays, with one connection to one database. */
export class Foreign {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: Interface;
  readonly #answers: ((line: string) => void)[] = [];

  private constructor() {
    this.#child = spawn('python3', ['-u', '-c', PROGRAM]);
    running.add(this.#child);
    this.#child.once('exit', () => running.delete(this.#child));
    this.#child.stderr.pipe(process.stderr);
    this.#lines = createInterface(this.#child.stdout);
    this.#lines.on('line', (line) => this.#answers.shift()?.(line));
  }

  static async open(path: string): Promise<Foreign> {
    const foreign = new Foreign();
    assert.equal(await foreign.#ask('open', path), null);
    return foreign;
  }

  /** The rows, or what SQLite said. */
  run(sql: string): Promise<unknown> {
    return this.#ask('run', sql);
  }

  /** Tries without a pause until SQLite lets it. */
  seize(sql: string): Promise<unknown> {
    return this.#ask('seize', sql);
  }

  /** Resolves when it is reading; it goes on until `watched`. */
  watch(sql: string): Promise<unknown> {
    return this.#ask('watch', sql);
  }

  async watched(): Promise<Watched> {
    const result = this.#answer();
    const nothing = this.#ask('run', 'SELECT 1');
    const watched = (await result) as Watched;
    await nothing;
    return watched;
  }

  async end(): Promise<void> {
    if (!running.has(this.#child)) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.stdin.end();
    await gone;
  }

  #ask(op: string, argument: string): Promise<unknown> {
    const answer = this.#answer();
    this.#child.stdin.write(`${JSON.stringify([op, argument])}\n`);
    return answer;
  }

  #answer(): Promise<unknown> {
    return new Promise((resolve) => this.#answers.push((line) => resolve(JSON.parse(line))));
  }
}

/** Opens the database in a process of its own, runs the statements, closes it; the answers one by one. */
export function foreignly(path: string, ...statements: readonly string[]): unknown[] {
  const commands = [['open', path], ...statements.map((sql) => ['run', sql]), ['close', '']];
  const { stdout, stderr, status } = spawnSync('python3', ['-u', '-c', PROGRAM], {
    input: commands.map((command) => `${JSON.stringify(command)}\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  assert.equal(status, 0, `python3: ${stderr}`);
  return stdout
    .trimEnd()
    .split('\n')
    .slice(1, -1)
    .map((line) => JSON.parse(line));
}
