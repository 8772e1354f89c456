/** Which file is read by which lineage, so that one with two names (a rename, a link) is read once. */

export interface Claimant {
  wake(): void;
}

export class Claims {
  readonly #owners = new Map<string, Claimant>();

  /** Whether the file is the claimant's now. */
  claim(key: string, claimant: Claimant): boolean {
    const owner = this.#owners.get(key);
    if (owner === undefined) this.#owners.set(key, claimant);
    return owner === undefined || owner === claimant;
  }

  isClaimed(key: string): boolean {
    return this.#owners.has(key);
  }

  release(key: string, claimant: Claimant): void {
    if (this.#owners.get(key) === claimant) this.#owners.delete(key);
  }

  /** Passes on a hint that came under another name of the file. */
  wakeOwner(key: string, except: Claimant): void {
    const owner = this.#owners.get(key);
    if (owner !== except) owner?.wake();
  }
}
