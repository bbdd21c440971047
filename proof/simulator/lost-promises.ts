import type { EntryId } from '../../src/raft/entry.ts';
import type { Checker } from './checker.ts';
import type { MemberProcess } from './member.ts';
import { require, Violation } from './violation.ts';

/** So many terms a member remembers; a position from before them is taken by its index alone. */
const TERMS_REMEMBERED = 64;
const TOLD = /^(a write of this handle|what the token stands for), at (\d+)\.(\d+) was discarded/;

/** A read as far as it is about what may be lost. */
export interface Needs {
  /** The token that it was given. */
  readonly token: EntryId | null;
  /** Whether its member knew, when it was asked, that the token is lost. */
  readonly knownLost: boolean;
  /** Writes that its handle was told of: each is seen, or was told to be lost. */
  readonly wrote: readonly EntryId[];
  readonly calledMs: number;
}

/** A read that was answered without a write of its handle's own that is lost. */
interface Without {
  readonly member: MemberProcess;
  readonly lost: EntryId;
  readonly at: EntryId;
}

/**
 * What is promised of `POSITION_LOST` (docs/reads.md): it is said of nothing that is committed, nor will be; of a token always and
 * at once, wherever it is known; of a handle's own write once, and before any read that does not see it. Of several reads that waited for the same news one
 * is told, and the others go on; in which order their promises come to be settled within that step does not count.
 */
export class LostPromises {
  readonly #checker: Checker;
  readonly #now: () => number;
  /** Positions that somebody was told are lost. */
  readonly #lost: EntryId[] = [];
  /** Of its own writes, those that a handle was told are lost. */
  readonly #told = new WeakMap<MemberProcess, EntryId[]>();
  /** Answered in this step. */
  #without: Without[] = [];

  constructor(checker: Checker, now: () => number) {
    this.#checker = checker;
    this.#now = now;
  }

  /** Call when the read is asked. */
  needs(member: MemberProcess, token: EntryId | null, wrote: readonly EntryId[]): Needs {
    const knownLost = token !== null && this.#isKnown(member, token);
    return { token, knownLost, wrote, calledMs: this.#now() };
  }

  /** A follower that has applied what is in its place knows that it is committed, once it has heard so since its start. */
  #isKnown(member: MemberProcess, position: EntryId): boolean {
    const at = member.databasePosition;
    if (at === null || member.raft?.role !== 'follower') return false;
    if (!this.#isRemembered(member, position) || member.watched!.commit < position.index)
      return false;
    return (
      at.index >= position.index && this.#checker.isCommitted(at) && this.#checker.isLost(position)
    );
  }

  /** Of what is in front of a member's log the index alone counts. */
  #isRemembered({ watched }: MemberProcess, { index }: EntryId): boolean {
    return (
      watched !== null &&
      index > watched.log.base.index &&
      this.#checker.elections < TERMS_REMEMBERED
    );
  }

  /** The read was answered from the state at `at`: nothing that it needs is lost, or it was told so before. */
  answered(member: MemberProcess, { token, wrote }: Needs, at: EntryId): void {
    const checker = this.#checker;
    const isLost = (position: EntryId) =>
      at.index >= position.index &&
      checker.isLost(position) &&
      this.#isRemembered(member, position);
    require(token === null || !isLost(token), 'I10 lost', () => {
      return `${member.id} answered a read after ${checker.describe(token!)} from ${checker.describe(at)}`;
    });
    for (const lost of wrote) if (isLost(lost)) this.#without.push({ member, lost, at });
  }

  /** Call when all that follows from a step has happened. */
  look(): void {
    if (this.#without.length === 0) return;
    const without = this.#without;
    this.#without = [];
    for (const { member, lost, at } of without)
      require(!member.alive || this.#wasTold(member, lost), 'I10 lost', () => {
        return `${member.id} answered a read from ${this.#checker.describe(at)}, and has not told its author that ${this.#checker.describe(lost)} is lost`;
      });
  }

  #wasTold(member: MemberProcess, { term, index }: EntryId): boolean {
    const told = this.#told.get(member) ?? [];
    return told.some((one) => one.term === term && one.index >= index);
  }

  /** The read was refused with that code. */
  refused(member: MemberProcess, needs: Needs, code: string, message: string): EntryId | null {
    const { token, knownLost, calledMs } = needs;
    if (code !== 'POSITION_LOST') {
      // A member without a database has nothing to say about anything.
      require(!knownLost || code === 'NOT_READY', 'I10 lost', () => {
        return `${member.id} knows that ${this.#checker.describe(token!)} is lost, and says ${code}: ${message}`;
      });
      return null;
    }
    const lost = positionIn(message);
    require(!knownLost || this.#now() === calledMs, 'I10 lost', () => {
      return `${member.id} knew that ${this.#checker.describe(token!)} is lost, and told so after ${this.#now() - calledMs} ms`;
    });
    if (token === null || token.term !== lost.term || token.index !== lost.index)
      this.#toldItsAuthor(member, lost);
    this.#lost.push(lost);
    this.check();
    return lost;
  }

  #toldItsAuthor(member: MemberProcess, lost: EntryId): void {
    const told = this.#told.get(member) ?? [];
    this.#told.set(member, told);
    const before = told.some(({ term, index }) => term === lost.term && index === lost.index);
    require(!before, 'I10 lost', () => {
      return `${member.id} has told twice that its own ${this.#checker.describe(lost)} is lost`;
    });
    told.push(lost);
  }

  /** What a handle says is certain is committed. */
  certain(member: MemberProcess, position: EntryId): void {
    require(this.#checker.isCommitted(position), 'I10 lost', () => {
      return `${member.id} takes ${this.#checker.describe(position)} for certain`;
    });
  }

  check(): void {
    for (const position of this.#lost)
      require(position.index === 0 || !this.#checker.isCommitted(position), 'I10 lost', () => {
        return `${this.#checker.describe(position)} was told to be lost`;
      });
  }
}

function positionIn(message: string): EntryId {
  const found = TOLD.exec(message);
  if (found === null) throw new Violation('I10 lost', `nobody can tell what is lost: ${message}`);
  return { term: Number(found[2]), index: Number(found[3]) };
}
