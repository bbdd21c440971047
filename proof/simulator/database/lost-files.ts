/** Files of lost writes, by name. */
export class LostFiles {
  readonly #files = new Map<string, Uint8Array>();

  save(name: string, bytes: Uint8Array): string {
    this.#files.set(name, bytes);
    return name;
  }

  get count(): number {
    return this.#files.size;
  }
}
