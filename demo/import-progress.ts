import type { ImportProgress } from './import.ts';
import { count, type Screen } from './screen.ts';

const BAR_CHARACTERS = 20;
/** Where nothing can be drawn in place, a line at each of so many equal steps. */
const PLAIN_STEPS = 5;

/** Shows how far the import is. */
export function showImport(screen: Screen): (progress: ImportProgress) => void {
  const startMs = performance.now();
  let steps = 0;
  return ({ rows, rowsInAll }) => {
    const done = rows / rowsInAll;
    const seconds = (performance.now() - startMs) / 1000;
    const numbers = `${count(rows)} of ${count(rowsInAll)} rows`;
    const pace = `${count(rows / seconds)} rows/s${timeLeft(done, seconds)}`;
    // Below one another: in one line they would not fit into 80 columns.
    screen.draw([`importing  ${bar(done)}  ${numbers}`, `           ${pace}`]);
    const step = Math.floor(done * PLAIN_STEPS);
    if (!screen.inPlace && step > steps) screen.say(`imported ${numbers}, ${pace}`);
    steps = step;
  };
}

function bar(done: number): string {
  const full = Math.round(done * BAR_CHARACTERS);
  const percent = `${Math.floor(done * 100)} %`.padStart(5);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_CHARACTERS - full)} ${percent}`;
}

function timeLeft(done: number, seconds: number): string {
  return done === 0 ? '' : `, ${Math.ceil((seconds * (1 - done)) / done)} s left`;
}
