import type { Port } from './port.ts';
import type { AppToSql, SqlToApp } from './protocol.ts';
import type { RunningDatabase } from './running-database.ts';
import type { SharedState } from './shared-state.ts';

interface Told {
  readonly shared: SharedState;
  readonly app: Port<AppToSql, SqlToApp>;
}

/** For the end of the SQL thread's turn: what readers see from now on, and a word to those who wait for that. */
export function tellReaders(running: RunningDatabase | null, { shared, app }: Told): void {
  if (running !== null) shared.setApplied(running.engine.position.index);
  if (shared.takeNews()) app.post({ type: 'news' });
}
