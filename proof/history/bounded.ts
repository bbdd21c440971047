import { describeOperation } from './describe.ts';
import type { Finding } from './finding.ts';
import { answeredAt, type History, isRead, type Operation, objectOf } from './operation.ts';
import { acknowledgedByObject, indexOf, missedWrite, writesByValue } from './versions.ts';

/**
 * Reads at level `bounded`. With `maxLagMs` they show all that was committed more than so long before their
 * call, so at least what was acknowledged by then. With `maxLagEntries` they lack at most so many entries
 * of what a leader had committed when it was last confirmed, which was at most `confirmedMs` (an election
 * timeout) before the call: they show what lies so far below the last position acknowledged before that.
 */
export function checkBounded(history: History, confirmedMs: number): Finding[] {
  const facts = {
    writes: writesByValue(history),
    acknowledged: acknowledgedByObject(history),
    heights: heightsOf(history),
  };
  return history.flatMap((read) => {
    if (read.level !== 'bounded' || read.outcome.kind !== 'ok') return [];
    const { maxLagMs, maxLagEntries = 0, called } = read;
    const since = maxLagMs === undefined ? confirmedMs : maxLagMs;
    const height = heightAt(facts.heights, called - since) - maxLagEntries;
    const writes = facts.acknowledged.get(objectOf(read.action)) ?? [];
    const missed = missedWrite(read, writes, height, facts.writes);
    return missed === null ? [] : [finding(read, missed)];
  });
}

interface Height {
  readonly since: number;
  /** Committed by then, for certain. */
  readonly index: number;
}

/** What was acknowledged on a majority, by time. */
function heightsOf(history: History): Height[] {
  const writes = history.filter(
    (one) => !isRead(one.action) && one.outcome.kind === 'ok' && one.returned !== null,
  );
  writes.sort((a, b) => answeredAt(a)! - answeredAt(b)!);
  const heights: Height[] = [];
  for (const write of writes)
    if (indexOf(write) > (heights.at(-1)?.index ?? 0))
      heights.push({ since: write.returned!, index: indexOf(write) });
  return heights;
}

function heightAt(heights: readonly Height[], time: number): number {
  return heights.findLast(({ since }) => since < time)?.index ?? 0;
}

function finding(read: Operation, missed: Operation): Finding {
  const { maxLagMs, maxLagEntries } = read;
  const bound = maxLagMs === undefined ? `${maxLagEntries} entries` : `${maxLagMs} ms`;
  const broken = `bounded: a read at most ${bound} behind lacks a write (${objectOf(read.action)})`;
  return { check: 'bounded', broken, explanation: [missed, read].map(describeOperation) };
}
