import { Prng } from '../../src/base/prng.ts';
import { type Scope, scratch } from '../../test/cluster/fixture.ts';
import { Catalog } from './catalog.ts';
import { TestedCluster } from './cluster.ts';
import { compareContents, contentOf } from './content.ts';
import { Context } from './context.ts';
import { Coverage } from './coverage.ts';
import { planDisturbances } from './disturbances.ts';
import { Generator } from './generator.ts';
import { difference } from './outcome.ts';
import { PlainSqlite } from './plain.ts';
import { describeStep, type Step } from './step.ts';
import { chooseVariant, describeVariant, makeDatabase } from './variant.ts';

export interface RunOptions {
  readonly seed: number;
  readonly steps: number;
  readonly disturbances: number;
  /** Gets a line for each step and each disturbance. */
  readonly trace: (line: string) => void;
}

/** The two sides differ. The message has the seed, and the command that shows it again. */
export class DifferenceFound extends Error {}

/** A stream of its own for each purpose: what happens to the members does not change the SQL. */
function streams(seed: number) {
  return {
    sql: new Prng(seed),
    variant: new Prng(seed ^ 0x5eed),
    members: new Prng(seed ^ 0xc1a5),
  };
}

/**
 * Runs the statements of one seed on plain SQLite and on three members, which lose their leader now and then, and compares every
 * answer, and in the end the contents. Throws DifferenceFound.
 */
export async function runSeed(scope: Scope, options: RunOptions): Promise<Coverage> {
  const { seed, steps, trace } = options;
  const chance = streams(seed);
  const dir = scratch(scope);
  const variant = chooseVariant(chance.variant);
  trace(`seed ${seed}: ${describeVariant(variant)}`);
  const path = makeDatabase(dir, 'plain.db', variant);
  const cluster = await TestedCluster.start(
    scope,
    makeDatabase(dir, 'import.db', variant),
    chance.members,
  );
  const plain = new PlainSqlite(path);
  const coverage = new Coverage();
  const generator = new Generator(new Context(chance.sql, new Catalog(plain.connection)));
  const plan = planDisturbances(chance.members, steps, options.disturbances);
  for (let number = 0; number < steps; number++) {
    const step = generator.next();
    const disturbance = plan.get(number) ?? null;
    trace(`${number} ${disturbance === null ? '' : `(${disturbance.name}) `}${describeStep(step)}`);
    const expected = typeof step.expect === 'object' ? null : plain.run(step);
    const found = await (disturbance === null ? cluster.run(step) : disturbance.run(cluster, step));
    const differs = difference(step, expected, found);
    if (differs !== null) throw report(options, number, step, differs);
    coverage.note(step, found);
    if (disturbance !== null) coverage.disturbed(disturbance.name);
  }
  plain.close();
  coverage.went(cluster.ways.counts);
  await compareFiles(options, path, cluster);
  return coverage;
}

async function compareFiles(
  options: RunOptions,
  path: string,
  cluster: TestedCluster,
): Promise<void> {
  const [member] = await cluster.finish();
  const differences = compareContents(contentOf(path), contentOf(member!));
  if (differences.length > 0) throw report(options, options.steps, null, differences.join('\n'));
}

function report(
  { seed, steps, disturbances }: RunOptions,
  number: number,
  step: Step | null,
  what: string,
): DifferenceFound {
  const where = step === null ? 'contents at the end' : `step ${number}: ${describeStep(step)}`;
  const again = `npm run differential -- --seed ${seed} --steps ${steps} --disturbances ${disturbances} --trace`;
  const shown = what.length > 4000 ? `${what.slice(0, 4000)}…` : what;
  return new DifferenceFound(
    `plain SQLite and the cluster differ\n  ${where}\n    ${shown}\n  replay: ${again}`,
  );
}
