import { type ErrorCode, PacelineError } from '../base/errors.ts';

interface ReasonDetail {
  /** On the wire; keeps its meaning in every later protocol, so that old and new can refuse each other. */
  readonly wire: number;
  readonly code: ErrorCode;
  readonly title: string;
  readonly advice: string;
}

/** Every reason for which two members do not talk to each other. */
const REASONS = {
  malformed: {
    wire: 0,
    code: 'PROTOCOL_MISMATCH',
    title: 'no handshake',
    advice: 'something that is not a member speaks on this port; check the addresses',
  },
  protocol: {
    wire: 1,
    code: 'PROTOCOL_MISMATCH',
    title: 'different protocols',
    advice: 'upgrade the member with the older release',
  },
  cluster: {
    wire: 2,
    code: 'CLUSTER_MISMATCH',
    title: 'different clusters',
    advice:
      'start all members with the same name of the cluster and the same ids in the list of members, and check the addresses; a directory keeps those that it was made with',
  },
  secret: {
    wire: 3,
    code: 'SECRET_MISMATCH',
    title: 'different secrets',
    advice: 'give every member of the cluster the same secret',
  },
  identity: {
    wire: 4,
    code: 'MEMBERS_MISMATCH',
    title: 'an address leads to another member',
    advice: 'correct the address of the dialled member in the list of members',
  },
  members: {
    wire: 5,
    code: 'MEMBERS_MISMATCH',
    title: 'different lists of members',
    advice: 'give every member the same list',
  },
} as const satisfies Record<string, ReasonDetail>;

export type RefusalReason = keyof typeof REASONS;

/** `mine` and `yours` say what is in conflict, as `is n2` or `speaks protocol 1`, from the refuser's view. */
export interface Refusal {
  readonly reason: RefusalReason;
  readonly mine: string;
  readonly yours: string;
}

/** Longest phrase kept: what strangers send ends up in logs. */
const PHRASE_CHARACTERS_MAX = 1000;

/** The error on the side that refuses; `peer` names the other. */
export function refusedByUs(peer: string, { reason, mine, yours }: Refusal): PacelineError {
  return refusalError(`refused ${peer}`, reason, mine, yours);
}

/** The error on the side that is refused: what was `mine` to the refuser is the other's here. */
export function refusedByPeer(peer: string, { reason, mine, yours }: Refusal): PacelineError {
  return refusalError(`refused by ${peer}`, reason, yours, mine);
}

function refusalError(
  what: string,
  reason: RefusalReason,
  ours: string,
  theirs: string,
): PacelineError {
  const { code, title, advice } = REASONS[reason];
  const values = `this member ${phrase(ours)}, the other ${phrase(theirs)}`;
  return new PacelineError(code, `${phrase(what)}: ${title}: ${values}; ${advice}`);
}

/** Printable ASCII only, so that a stranger cannot write lines of his own into a log. */
function phrase(text: string): string {
  const printable = text.replace(/[^\x20-\x7e]/g, '?');
  if (printable.length <= PHRASE_CHARACTERS_MAX) return printable;
  return `${printable.slice(0, PHRASE_CHARACTERS_MAX)}…`;
}

export function reasonCode(reason: RefusalReason): number {
  return REASONS[reason].wire;
}

/** A reason that only a later protocol knows is a difference of protocols. */
export function reasonOf(wire: number): RefusalReason {
  const names = Object.keys(REASONS) as RefusalReason[];
  return names.find((name) => REASONS[name].wire === wire) ?? 'protocol';
}
