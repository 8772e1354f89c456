/** Known sources by what they are looked for. Nearly everything has one: only where there are more it takes a list. */
import type { KnownSource } from './ledger.js';

type Found = KnownSource | KnownSource[];

/** A `Map`, or what looks like one. */
export interface KeyedSources<K> {
  has(key: K): boolean;
  get(key: K): Found | undefined;
  set(key: K, found: Found): unknown;
  delete(key: K): unknown;
}

export class SourceIndex<K> {
  readonly #found: KeyedSources<K>;

  constructor(found: KeyedSources<K>) {
    this.#found = found;
  }

  has(key: K): boolean {
    return this.#found.has(key);
  }

  /** A list of the caller's own, in the order they were added. */
  all(key: K): KnownSource[] {
    const found = this.#found.get(key);
    if (found === undefined) return [];
    return Array.isArray(found) ? [...found] : [found];
  }

  /** Adding what is there already changes nothing. */
  add(key: K, known: KnownSource): void {
    const found = this.#found.get(key);
    if (found === undefined) this.#found.set(key, known);
    else if (!Array.isArray(found)) this.#found.set(key, found === known ? known : [found, known]);
    else if (!found.includes(known)) found.push(known);
  }

  remove(key: K, known: KnownSource): void {
    const rest = this.all(key).filter((other) => other !== known);
    if (rest.length === 0) this.#found.delete(key);
    else this.#found.set(key, rest);
  }
}
