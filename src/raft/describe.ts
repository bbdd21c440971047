import { unreachable } from '../base/assert.ts';
import type { Entry, EntryId, HardState, Membership } from './entry.ts';
import type { Message } from './message.ts';
import type { Raft } from './raft.ts';
import type { Ready } from './ready.ts';

/** One line each, the same in logs, scenarios and simulations. An entry is named `term:index`. */
export function describeId(id: EntryId): string {
  return `${id.term}:${id.index}`;
}

/** Learners are in parentheses. */
export function describeMembership(membership: Membership): string {
  const members = membership.map(({ id, voter }) => (voter ? id : `(${id})`));
  return `{${members.join(' ')}}`;
}

export function describeEntry(entry: Entry): string {
  const change = entry.membership === null ? '' : ` ${describeMembership(entry.membership)}`;
  return `${describeId(entry)} ${entry.data.length} B${change}`;
}

/** First and last with the number between; changes of membership are always named. */
export function describeEntries(entries: readonly Entry[]): string {
  const first = entries[0];
  const last = entries.at(-1);
  if (first === undefined || last === undefined) return '[]';
  const range =
    entries.length === 1 ? describeId(first) : `${describeId(first)}..${describeId(last)}`;
  const changes = entries
    .filter((entry) => entry.membership !== null)
    .map((entry) => ` ${entry.index}=${describeMembership(entry.membership ?? [])}`);
  return `[${range}${changes.join('')}]`;
}

export function describeMessage(message: Message): string {
  const { from, to, type, term } = message;
  const detail = describeBody(message);
  return `${from}→${to} ${type} t${term}${detail === '' ? '' : ` ${detail}`}`;
}

function describeBody(message: Message): string {
  switch (message.type) {
    case 'vote-request':
      return [
        kind(message.preVote),
        `last ${describeId(message.last)}`,
        ...(message.transfer ? ['transfer'] : []),
      ].join(' ');
    case 'vote-response':
      return `${kind(message.preVote)} ${message.granted ? 'granted' : 'refused'}`;
    case 'append-request': {
      const { previous, entries, commit } = message;
      return `after ${describeId(previous)} ${describeEntries(entries)} commit ${commit}`;
    }
    case 'append-response':
      return message.accepted
        ? `match ${message.match}`
        : `rejected ${message.rejected} hint ${describeId(message.hint)}`;
    case 'heartbeat-request':
      return `commit ${message.commit} round ${message.round}`;
    case 'heartbeat-response':
      return `round ${message.round}`;
    case 'snapshot-request':
      return `${describeId(message.snapshot)} ${describeMembership(message.membership)}`;
    case 'timeout-now':
      return '';
    case 'read-index-request':
      return `context ${message.context}`;
    case 'read-index-response':
      return `context ${message.context} index ${message.index}`;
    default:
      return unreachable(message);
  }
}

function kind(preVote: boolean): string {
  return preVote ? 'pre-vote' : 'vote';
}

export function describeHardState({ term, vote, commit }: HardState): string {
  return `t${term} vote ${vote ?? '-'} commit ${commit}`;
}

/** Messages are counted, not listed: they have lines of their own. */
export function describeReady(ready: Ready): string {
  const parts = [
    `${ready.role} t${ready.term} leader ${ready.leader ?? '-'} commit ${ready.commit}`,
  ];
  if (ready.hardState !== null) parts.push(`hard ${describeHardState(ready.hardState)}`);
  if (ready.truncateFrom !== null) parts.push(`truncate ${ready.truncateFrom}`);
  if (ready.entries.length > 0) parts.push(`entries ${describeEntries(ready.entries)}`);
  if (ready.messages.length > 0) parts.push(`messages ${ready.messages.length}`);
  if (ready.afterDurable.length > 0) parts.push(`after-durable ${ready.afterDurable.length}`);
  for (const { context, index } of ready.readStates) parts.push(`read ${context} at ${index}`);
  for (const context of ready.readsFailed) parts.push(`read ${context} failed`);
  if (ready.snapshotNeed !== null) {
    const { snapshot, from } = ready.snapshotNeed;
    parts.push(`snapshot ${describeId(snapshot)} from ${from}`);
  }
  return parts.join(' | ');
}

export function describeRaft(raft: Raft): string {
  const { id, role, term, leader, commit, lastIndex, membership } = raft;
  const own = `${id} ${role} t${term} leader ${leader ?? '-'} commit ${commit} last ${lastIndex}`;
  const followers = [...raft.progress()].map(
    ([member, { state, match, next }]) => `${member} ${state} match ${match} next ${next}`,
  );
  return [`${own} ${describeMembership(membership)}`, ...followers].join(' | ');
}
