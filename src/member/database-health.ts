import type { ErrorRecord } from '../base/errors.ts';
import type { Clock } from './clock.ts';
import type { LoopLog } from './loop-log.ts';
import type { DatabaseReport, SqlToLoop } from './protocol.ts';

/** How the database is, as the SQL thread tells it. */
export class DatabaseHealth {
  readonly #clock: Clock;
  readonly #loopLog: LoopLog;
  #report: DatabaseReport | null = null;
  #problem: ErrorRecord | null = null;
  #problemSinceMs = 0;

  constructor(clock: Clock, loopLog: LoopLog) {
    this.#clock = clock;
    this.#loopLog = loopLog;
  }

  /** Null until the database was opened. */
  get report(): DatabaseReport | null {
    return this.#report;
  }

  /** What keeps it from being worked on, and is tried again all the time: a foreign process's lock, a full disk. */
  get problem(): ErrorRecord | null {
    return this.#problem;
  }

  /** How long there has been a problem; 0 if there is none. */
  problemForMs(nowMs: number): number {
    return this.#problem === null ? 0 : nowMs - this.#problemSinceMs;
  }

  /** False for what is not addressed to it. */
  fromSql(message: SqlToLoop): boolean {
    if (message.type === 'report') this.#report = message;
    else if (message.type === 'hindered') this.#hindered(message.error);
    else if (message.type === 'warning') this.#loopLog.warn(message.message);
    else return false;
    return true;
  }

  #hindered(error: ErrorRecord | null): void {
    if (error === null) this.#loopLog.info({}, 'the database can be worked on again');
    else this.#loopLog.warn(error.message, { code: error.code });
    if (this.#problem === null) this.#problemSinceMs = this.#clock.now();
    this.#problem = error;
  }
}
