/** One command of a scenario with the trace that is expected of it. */
export interface Step {
  /** Comments and blank lines before the command, kept as they are. */
  readonly before: readonly string[];
  readonly command: string;
  readonly expected: readonly string[];
}

/**
 * A scenario is text: `> command`, below it the trace that it must give; `#` starts a comment.
 * Blank lines separate and mean nothing.
 */
export function parseScript(text: string): Step[] {
  const steps: Step[] = [];
  let before: string[] = [];
  let expected: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('> ')) {
      expected = [];
      steps.push({ before, command: line.slice(2).trim(), expected });
      before = [];
    } else if (line === '' || line.startsWith('#')) before.push(line);
    else if (before.length > 0) throw new Error(`trace without a command: ${line}`);
    else expected.push(line);
  }
  return steps;
}

export function formatScript(steps: readonly Step[]): string {
  const lines = steps.flatMap(({ before, command, expected }) => [
    ...before,
    `> ${command}`,
    ...expected,
  ]);
  return `${lines.join('\n')}\n`;
}
