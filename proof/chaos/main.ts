/** `npm run chaos`: real processes, real disks, and a nemesis. See docs/verification.md. */
import { messageOf } from '../../src/base/errors.ts';
import { type Arguments, commandOf, parseArguments, USAGE } from './arguments.ts';
import { runChaos } from './run.ts';

const startedMs = performance.now();

function say(line: string): void {
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  process.stderr.write(`${seconds.padStart(6)} s ${line}\n`);
}

async function run(options: Arguments): Promise<void> {
  const repeat = `seed ${options.seed}; to repeat this schedule: ${commandOf(options)}`;
  say(repeat);
  let abort = async () => {};
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      abort().finally(() => process.exit(1));
    });
  const onAbort = (end: () => Promise<void>) => {
    abort = end;
  };
  const report = await runChaos({ ...options, say, onAbort });
  for (const [kind, why] of Object.entries(report.skipped)) say(`NOT DONE: ${kind}: ${why}`);
  if (report.violations.length > 0) {
    say(`${report.violations.length} violations; members' files and histories: ${report.kept}`);
    say(repeat);
  }
  process.stdout.write(`${JSON.stringify(report)}\n`);
  process.exitCode = report.violations.length === 0 ? 0 : 1;
}

/** Null when they are wrong, which is said. */
function readArguments(): Arguments | null {
  try {
    return parseArguments(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n${USAGE}\n`);
    return null;
  }
}

const options = readArguments();
if (options === null) process.exitCode = 2;
else await run(options);
