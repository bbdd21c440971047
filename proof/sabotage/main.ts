// `npm run sabotage [-- WORD …] [--seed N]`: breaks one rule of the product after the other, and looks whether the simulator
// notices. WORD chooses sabotages by name. Exit status 1 if one escapes.
import { parseArgs } from 'node:util';
import { header, line, summary } from './report.ts';
import { tryAll } from './run.ts';
import { SABOTAGES } from './table.ts';

const { values, positionals } = parseArgs({
  options: { seed: { type: 'string', default: '1' } },
  allowPositionals: true,
});
const chosen = SABOTAGES.filter(({ name }) => positionals.every((word) => name.includes(word)));
console.log(header);
const outcomes = await tryAll(chosen, Number(values.seed), (outcome) => console.log(line(outcome)));
console.log(summary(outcomes));
process.exitCode = outcomes.length > 0 && outcomes.every(({ named }) => named) ? 0 : 1;
