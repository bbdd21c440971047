/** Something that must not be in a history. */
export interface Finding {
  /** The guarantee that is broken: an invariant by its number, or e.g. `monotonic reads`. */
  readonly check: string;
  /** The same with what is wrong, and of which object. */
  readonly broken: string;
  /** What shows it, one line per operation. */
  readonly explanation: readonly string[];
}

export function formatFinding({ broken, explanation }: Finding): string {
  return [broken, ...explanation.map((line) => `  ${line}`)].join('\n');
}
