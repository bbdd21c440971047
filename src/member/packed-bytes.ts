/** Byte strings that belong together, one behind the other in a buffer that is handed to another thread. */
export interface PackedBytes {
  readonly lengths: readonly number[];
  readonly handOver: Uint8Array;
}

export function packBytes(strings: readonly Uint8Array[]): PackedBytes {
  const lengths = strings.map(({ length }) => length);
  const handOver = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const bytes of strings) {
    handOver.set(bytes, at);
    at += bytes.length;
  }
  return { lengths, handOver };
}

/** Views of the buffer that was handed over. */
export function unpackBytes({ lengths, handOver }: PackedBytes): Uint8Array[] {
  let end = 0;
  return lengths.map((length) => {
    end += length;
    return handOver.subarray(end - length, end);
  });
}
