import type { Port } from './port.ts';
import type { AppToLoop, LoopToApp } from './protocol.ts';

/** Log lines of the loop; the application's thread has the logger. */
export class LoopLog {
  readonly #app: Port<AppToLoop, LoopToApp>;

  constructor(app: Port<AppToLoop, LoopToApp>) {
    this.#app = app;
  }

  info(fields: object, message: string): void {
    this.#app.post({ type: 'log', level: 'info', fields, message });
  }

  warn(message: string, fields: object = {}): void {
    this.#app.post({ type: 'log', level: 'warn', fields, message });
  }

  error(fields: object, message: string): void {
    this.#app.post({ type: 'log', level: 'error', fields, message });
  }
}
