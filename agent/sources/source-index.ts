/** Known sources by a text. Nearly every text has one: only where there are more it takes a list. */
import type { KnownSource } from './ledger.js';

export class SourceIndex {
  readonly #found = new Map<string, KnownSource | KnownSource[]>();

  has(key: string): boolean {
    return this.#found.has(key);
  }

  /** A list of the caller's own, in the order they were added. */
  all(key: string): KnownSource[] {
    const found = this.#found.get(key);
    if (found === undefined) return [];
    return Array.isArray(found) ? [...found] : [found];
  }

  /** Adding what is there already changes nothing. */
  add(key: string, known: KnownSource): void {
    const found = this.#found.get(key);
    if (found === undefined) this.#found.set(key, known);
    else if (!Array.isArray(found)) this.#found.set(key, found === known ? known : [found, known]);
    else if (!found.includes(known)) found.push(known);
  }

  remove(key: string, known: KnownSource): void {
    const rest = this.all(key).filter((other) => other !== known);
    if (rest.length === 0) this.#found.delete(key);
    else this.#found.set(key, rest);
  }
}
