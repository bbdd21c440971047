import { createLogUpdate } from 'log-update';

/**
 * Where the demo shows itself: a part that is drawn again in place, and lines above it that stay.
 */
export interface Screen {
  /** Whether it is a terminal; where it is not, `draw` does nothing. */
  readonly inPlace: boolean;
  draw(lines: readonly string[]): void;
  say(line: string): void;
  /** Takes what was drawn away. */
  clear(): void;
}

export function createScreen(stream: NodeJS.WriteStream): Screen {
  if (!stream.isTTY) {
    const say = (line: string) => void stream.write(`${line}\n`);
    return { inPlace: false, draw: () => {}, say, clear: () => {} };
  }
  const update = createLogUpdate(stream);
  let drawn: readonly string[] = [];
  const draw = (lines: readonly string[]) => {
    drawn = lines;
    update(lines.join('\n'));
  };
  const clear = () => {
    drawn = [];
    update.clear();
    update.done(); // shows the cursor again
  };
  const say = (line: string) => {
    update.clear();
    stream.write(`${line}\n`);
    if (drawn.length > 0) draw(drawn);
  };
  return { inPlace: true, draw, say, clear };
}

export function bold(text: string): string {
  return process.env.NO_COLOR === undefined ? `\u001b[1m${text}\u001b[22m` : text;
}

export function count(n: number): string {
  return Math.round(n).toLocaleString('en');
}
