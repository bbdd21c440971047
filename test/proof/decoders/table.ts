import type { Decoder } from './decoder.ts';
import { FORWARDING } from './forwarding.ts';
import { LOG } from './log.ts';
import { REDO } from './redo.ts';
import { TEXTS } from './texts.ts';
import { TRANSPORT } from './transport.ts';
import { WAL } from './wal.ts';

/** Every decoder of bytes from outside. */
export const DECODERS: readonly Decoder<unknown>[] = [
  ...TRANSPORT,
  ...FORWARDING,
  ...LOG,
  ...REDO,
  ...WAL,
  ...TEXTS,
];
