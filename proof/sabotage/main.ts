import { Command } from 'commander';
import { noteSeeds } from './known-seeds.ts';
import { header, line, summary } from './report.ts';
import { type Outcome, tryAll } from './run.ts';
import { SABOTAGES } from './table.ts';

const program = new Command('npm run sabotage --')
  .description(
    'breaks one rule of the product after the other, and looks whether the simulator notices; exit status 1 if one escapes',
  )
  .argument('[WORD...]', 'only those with all of these in their name')
  .option('--seed <N>', 'the first seed', Number, 1)
  .option('--note', 'notes the seeds that noticed, for "npm test" to try first')
  .parse();
const words = program.args;
const { seed: firstSeed, note } = program.opts<{ seed: number; note?: true }>();
const chosen = SABOTAGES.filter(({ name }) => words.every((word) => name.includes(word)));
console.log(header);
const onOutcome = (outcome: Outcome) => console.log(line(outcome));
const outcomes = await tryAll(chosen, { firstSeed, onOutcome });
console.log(summary(outcomes));
if (note) noteSeeds(outcomes);
process.exitCode = outcomes.length > 0 && outcomes.every(({ named }) => named) ? 0 : 1;
