import { messageOf } from '../../src/base/errors.ts';
import { isRead } from '../history/operation.ts';
import type { ApplicationRequest, Question } from './application-server.ts';
import type { Answered, Fate, Wish } from './ipc.ts';
import { LIMITS } from './limits.ts';

/** Has a member's application do something. What it does not answer may have been done. */
export async function askApplication(url: string, wish: Wish): Promise<Answered> {
  try {
    return (await ask(url, { wish })) as Answered;
  } catch (error) {
    const nothingSent = isRead(wish.action) || causeOf(error) === 'ECONNREFUSED';
    const outcome = { kind: nothingSent ? 'rejected' : 'unknown' } as const;
    const said = { code: 'APPLICATION_LOST', message: messageOf(error), sqlite: null };
    return { outcome, position: null, reached: null, id: null, token: null, error: said };
  }
}

function causeOf(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}

/** Rejects when not all of it can be told. */
export async function askFates(url: string, questions: readonly Question[]): Promise<Fate[]> {
  return (await ask(url, { questions })) as Fate[];
}

async function ask(url: string, request: ApplicationRequest): Promise<unknown> {
  const signal = AbortSignal.timeout(LIMITS.applicationTimeoutMs);
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(request), signal });
  if (response.ok) return response.json();
  throw new Error(`the application failed: ${await response.text()}`);
}
