import type { SharedState } from './shared-state.ts';

export interface WalPressureParts {
  readonly shared: SharedState;
  /** WAL that held states may keep. */
  readonly bytesMax: number;
  readonly onWarning: (message: string) => void;
  /** Tell the application's thread to let go of what it holds. */
  readonly endSnapshots: () => void;
}

/**
 * What happens when readers, or another process that has a lock, keep the WAL from being emptied: at first a warning, and when
 * it has grown to the limit the snapshots of this member end. Other processes cannot be made to let go, only told of.
 */
export class WalPressure {
  readonly #parts: WalPressureParts;
  #warned = false;

  constructor(parts: WalPressureParts) {
    this.#parts = parts;
  }

  /** Returns whether readers were made to let go. */
  heldUp(walBytes: number): boolean {
    const { shared, bytesMax, onWarning, endSnapshots } = this.#parts;
    const open = shared.openSnapshots;
    if (walBytes >= bytesMax && open > 0) {
      onWarning(`${open} snapshots end: they kept ${walBytes} bytes of WAL (snapshotWalBytesMax)`);
      shared.endSnapshots();
      endSnapshots();
      return true;
    }
    if (!this.#warned) onWarning(this.#describe(open, walBytes));
    this.#warned = true;
    return false;
  }

  emptied(): void {
    this.#warned = false;
  }

  #describe(open: number, walBytes: number): string {
    const kept = `${walBytes} bytes of WAL cannot be emptied`;
    if (open === 0) return `${kept}: another process has a transaction open for long; end it`;
    return `${kept} because of ${open} open snapshots; they end when it is ${this.#parts.bytesMax}`;
  }
}
