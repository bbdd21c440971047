/** What clients called beside single statements and batches, and what became of it: counted, so that a run that does nothing shows. */
export const CALL_KINDS = [
  'function',
  'function run again',
  'function committed',
  'snapshot',
  'snapshot in a thread',
  'read transaction',
  'rows one by one',
  'read in a thread',
  'state read',
  'state ended by its member',
  'load',
  'load ended early',
  'told lost',
] as const;
export type CallKind = (typeof CALL_KINDS)[number];

export class CallsDone {
  readonly counts = new Map<CallKind, number>();

  did(kind: CallKind): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }
}
