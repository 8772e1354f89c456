/** Which file is read by which lineage, so that one with two names (a rename, a link) is read once. */
import { IdentityMap } from './identity-map.js';
import type { FileIdentity } from './log-file.js';

export interface Claimant {
  wake(): void;
}

export class Claims {
  readonly #owners = new IdentityMap<Claimant>();
  /** Those that would have a file which is another's. */
  readonly #waiting = new IdentityMap<Set<Claimant>>();

  /** Whether the file is the claimant's now. */
  claim(file: FileIdentity, claimant: Claimant): boolean {
    const owner = this.#owners.get(file);
    if (owner === undefined) this.#owners.set(file, claimant);
    return owner === undefined || owner === claimant;
  }

  isClaimed(file: FileIdentity): boolean {
    return this.#owners.has(file);
  }

  release(file: FileIdentity, claimant: Claimant): void {
    if (this.#owners.get(file) !== claimant) return;
    this.#owners.delete(file);
    const waiting = this.#waiting.get(file) ?? [];
    this.#waiting.delete(file);
    for (const other of waiting) other.wake();
  }

  /**
   * The claimant is woken when the file is released. Its owner is woken now: a hint came under another name of the
   * file. False where nobody else has it.
   */
  waitFor(file: FileIdentity, claimant: Claimant): boolean {
    const owner = this.#owners.get(file);
    if (owner === undefined || owner === claimant) return false;
    owner.wake();
    const waiting = this.#waiting.get(file) ?? new Set();
    this.#waiting.set(file, waiting.add(claimant));
    return true;
  }
}
