import { describeOperation } from './describe.ts';
import type { Finding } from './finding.ts';
import type { BankStart } from './model.ts';
import { type History, isRead, type Operation, objectOf, readOf } from './operation.ts';
import { valuesSeen, writesByValue } from './versions.ts';

/**
 * What holds of every read, also at level `eventual` (I5): it shows a state that was once committed.
 * A list is a beginning of the final one, a value was asked to be written before it was read and not
 * rejected, the money in a bank is all there.
 */
export function checkCommittedReads(history: History, bank: BankStart): Finding[] {
  const writes = writesByValue(history);
  const reads = history.flatMap(readsOf);
  const longest = longestLists(reads);
  return reads.flatMap((operation) => {
    const finding =
      wrongValue(operation, writes) ??
      wrongList(operation, longest) ??
      wrongBalances(operation, bank);
    return finding === null ? [] : [finding];
  });
}

/** Reads, and what a transaction has read before it wrote. */
function readsOf(operation: Operation): Operation[] {
  const { action, outcome } = operation;
  if (outcome.kind !== 'ok') return [];
  if (isRead(action)) return [operation];
  if (outcome.before === undefined) return [];
  const observed = outcome.before;
  return [{ ...operation, action: readOf(action), outcome: { kind: 'ok', observed } }];
}

function longestLists(history: History): Map<string, Operation> {
  const longest = new Map<string, Operation>();
  for (const operation of history) {
    if (operation.action.kind !== 'list' || operation.outcome.kind !== 'ok') continue;
    const object = objectOf(operation.action);
    const known = longest.get(object);
    if (known === undefined || valuesSeen(known).length < valuesSeen(operation).length)
      longest.set(object, operation);
  }
  return longest;
}

function wrongValue(operation: Operation, writes: ReadonlyMap<number, Operation>): Finding | null {
  for (const value of valuesSeen(operation)) {
    const write = writes.get(value);
    if (write === undefined || objectOf(write.action) !== objectOf(operation.action))
      return finding(`value ${value} was read, which nobody wrote there`, operation);
    if (write.outcome.kind === 'rejected')
      return finding('the value of a rejected write was read', write, operation);
    if (write.outcome.kind === 'ok' && write.outcome.observed === false)
      return finding('the value of a write that had no effect was read', write, operation);
    if (operation.returned !== null && operation.returned < write.called)
      return finding('a value was read before it was written', operation, write);
  }
  return null;
}

function wrongList(operation: Operation, longest: ReadonlyMap<string, Operation>): Finding | null {
  const longer = longest.get(objectOf(operation.action));
  if (operation.action.kind !== 'list' || longer === undefined) return null;
  const all = valuesSeen(longer);
  if (valuesSeen(operation).every((value, i) => value === all[i])) return null;
  return finding('neither list read is a beginning of the other', operation, longer);
}

function wrongBalances(operation: Operation, bank: BankStart): Finding | null {
  if (operation.action.kind !== 'balances' || operation.outcome.kind !== 'ok') return null;
  const balances = operation.outcome.observed as readonly number[];
  const total = balances.reduce((sum, balance) => sum + balance, 0);
  const due = bank.accounts * bank.balance;
  if (balances.length === bank.accounts && total === due && balances.every((one) => one >= 0))
    return null;
  return finding(`${bank.accounts} accounts hold ${due} together, none less than 0`, operation);
}

function finding(broken: string, ...shown: Operation[]): Finding {
  const object = objectOf(shown[0]!.action);
  const explanation = shown.map(describeOperation);
  return { check: 'I5', broken: `I5: ${broken} (${object})`, explanation };
}
