import { PacelineError } from '../base/errors.ts';
import type { LogView } from '../raft/log-view.ts';
import type { Message } from '../raft/message.ts';
import { IMPORTED } from './new-member.ts';

const FROM_A_LEADER: readonly Message['type'][] = [
  'append-request',
  'heartbeat-request',
  'snapshot-request',
];

/**
 * For a member that was given a file to start a cluster with. Throws IMPORT_INVALID if somebody leads although nothing
 * has happened since the import: the cluster then has a history that does not begin with that file.
 */
export function checkImportIsFirst(log: LogView, { type, from }: Message): void {
  const { base, lastIndex } = log;
  const nothingSince = base.index === IMPORTED.index && base.term === IMPORTED.term;
  if (!nothingSince || lastIndex !== base.index || !FROM_A_LEADER.includes(type)) return;
  throw new PacelineError(
    'IMPORT_INVALID',
    `the cluster has a history already (${from} leads): only a new cluster can start with an imported file, and nothing of it was taken over. Either empty this member's directory and start it without, or stop all, empty all directories, and start this member first, with the file`,
  );
}
