/** Which file is read by which lineage, so that one with two names (a rename, a link) is read once. */
import { IdentityMap } from './identity-map.js';
import type { FileIdentity } from './log-file.js';

export interface Claimant {
  wake(): void;
}

export class Claims {
  readonly #owners = new IdentityMap<Claimant>();

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
    if (this.#owners.get(file) === claimant) this.#owners.delete(file);
  }

  /** Passes on a hint that came under another name of the file. */
  wakeOwner(file: FileIdentity, except: Claimant): void {
    const owner = this.#owners.get(file);
    if (owner !== except) owner?.wake();
  }
}
