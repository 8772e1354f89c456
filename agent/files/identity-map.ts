/**
 * A map by device and inode. It makes no key of the two: what it holds of an identity are its own texts, which are
 * kept anyway, and there may be thousands.
 */
import type { FileIdentity } from './log-file.js';

export class IdentityMap<V> {
  readonly #byDevice = new Map<string, Map<string, V>>();

  has({ device, inode }: FileIdentity): boolean {
    return this.#byDevice.get(device)?.has(inode) ?? false;
  }

  get({ device, inode }: FileIdentity): V | undefined {
    return this.#byDevice.get(device)?.get(inode);
  }

  set({ device, inode }: FileIdentity, value: V): void {
    const ofDevice = this.#byDevice.get(device);
    if (ofDevice === undefined) this.#byDevice.set(device, new Map([[inode, value]]));
    else ofDevice.set(inode, value);
  }

  delete({ device, inode }: FileIdentity): void {
    const ofDevice = this.#byDevice.get(device);
    ofDevice?.delete(inode);
    if (ofDevice?.size === 0) this.#byDevice.delete(device);
  }
}
