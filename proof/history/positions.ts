import { describeOperation } from './describe.ts';
import type { Finding } from './finding.ts';
import { type History, isRead, mayHaveEffect, type Operation } from './operation.ts';
import { indexOf } from './versions.ts';

/**
 * The positions of acknowledged writes are one history, over all objects and members: an index was
 * committed in one term, terms never fall as indexes rise (I2, I3), and a write that was called after
 * another had returned has the higher index. O(n log n).
 */
export function checkPositions(history: History): Finding[] {
  const writes = history.filter(
    (one) =>
      !isRead(one.action) &&
      one.outcome.kind === 'ok' &&
      one.position !== null &&
      mayHaveEffect(one),
  );
  return [...termsAgree(writes), ...realTimeAgrees(writes)];
}

function termsAgree(writes: readonly Operation[]): Finding[] {
  const sorted = writes.toSorted((a, b) => indexOf(a) - indexOf(b));
  return sorted.slice(1).flatMap((write, i) => {
    const before = sorted[i]!;
    const same = indexOf(write) === indexOf(before);
    const [term, termBefore] = [write.position!.term, before.position!.term];
    if (same ? term === termBefore : term >= termBefore) return [];
    return [finding('I2', 'two histories: terms and indexes disagree', before, write)];
  });
}

function realTimeAgrees(writes: readonly Operation[]): Finding[] {
  const byReturn = writes
    .filter(({ returned }) => returned !== null)
    .toSorted((a, b) => a.returned! - b.returned!);
  const findings: Finding[] = [];
  let next = 0;
  let latest: Operation | null = null;
  for (const write of writes.toSorted((a, b) => a.called - b.called)) {
    while (next < byReturn.length && byReturn[next]!.returned! < write.called) {
      const done = byReturn[next++]!;
      if (latest === null || indexOf(done) > indexOf(latest)) latest = done;
    }
    if (latest !== null && indexOf(write) <= indexOf(latest))
      findings.push(
        finding('linearizable', 'a later write has an earlier position', latest, write),
      );
  }
  return findings;
}

function finding(check: string, what: string, ...shown: Operation[]): Finding {
  return { check, broken: `${check}: ${what}`, explanation: shown.map(describeOperation) };
}
