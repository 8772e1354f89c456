/** Which file is read by which lineage, so that one with two names (a rename, a link) is read once. */
export class Claims {
  readonly #owners = new Map<string, object>();

  /** Whether the file is the owner's now. */
  claim(key: string, owner: object): boolean {
    const holder = this.#owners.get(key);
    if (holder === undefined) this.#owners.set(key, owner);
    return holder === undefined || holder === owner;
  }

  isClaimed(key: string): boolean {
    return this.#owners.has(key);
  }

  release(key: string, owner: object): void {
    if (this.#owners.get(key) === owner) this.#owners.delete(key);
  }
}
