/** Bounds how many lineages look at their files at once: after a start or an outage all of them want to. */
const AT_ONCE = 64;

export class WakeGate {
  readonly #waiting: (() => void)[] = [];
  #inside = 0;

  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inside === AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#inside++;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#inside--;
      else next();
    }
  }
}
