import { Command } from 'commander';
import { header, line, summary } from './report.ts';
import { tryAll } from './run.ts';
import { SABOTAGES } from './table.ts';

const program = new Command('npm run sabotage --')
  .description(
    'breaks one rule of the product after the other, and looks whether the simulator notices; exit status 1 if one escapes',
  )
  .argument('[WORD...]', 'only those with all of these in their name')
  .option('--seed <N>', 'the first seed', Number, 1)
  .parse();
const words = program.args;
const { seed } = program.opts<{ seed: number }>();
const chosen = SABOTAGES.filter(({ name }) => words.every((word) => name.includes(word)));
console.log(header);
const outcomes = await tryAll(chosen, seed, (outcome) => console.log(line(outcome)));
console.log(summary(outcomes));
process.exitCode = outcomes.length > 0 && outcomes.every(({ named }) => named) ? 0 : 1;
