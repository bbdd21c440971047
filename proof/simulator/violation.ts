/** An invariant that a run broke. */
export class Violation extends Error {
  override readonly name = 'Violation';
  /** I1 to I10 as in ARCHITECTURE.md, or a name of its own. */
  readonly invariant: string;

  constructor(invariant: string, what: string) {
    super(`${invariant}: ${what}`);
    this.invariant = invariant;
  }
}

export function require(condition: boolean, invariant: string, what: () => string): void {
  if (!condition) throw new Violation(invariant, what());
}

export function raise(violation: Error): never {
  throw violation;
}
