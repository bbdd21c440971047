/** The page sizes that SQLite has: powers of two from 512 to 65536 bytes. */
const PAGE_SIZE_MIN = 512;
export const PAGE_SIZE_MAX = 65536;

export function isPageSize(size: number): boolean {
  if (!Number.isInteger(size)) return false;
  return size >= PAGE_SIZE_MIN && size <= PAGE_SIZE_MAX && (size & (size - 1)) === 0;
}
