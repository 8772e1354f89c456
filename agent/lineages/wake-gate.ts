/**
 * Bounds how many lineages look at their files at once: after a start or an outage all of them want to. The
 * others wait in line, and cost no more than their place in it.
 */
const AT_ONCE = 64;

export interface Passer {
  /** Its turn has come; the next one's comes when this resolves. It never rejects. */
  pass(): Promise<void>;
}

export class WakeGate {
  readonly #waiting = new Set<Passer>();
  #inside = 0;

  /** Once at a time for each. */
  enter(passer: Passer): void {
    if (this.#inside === AT_ONCE) this.#waiting.add(passer);
    else void this.#let(passer);
  }

  async #let(first: Passer): Promise<void> {
    this.#inside++;
    for (let passer: Passer | undefined = first; passer !== undefined; passer = this.#next()) {
      await passer.pass();
    }
    this.#inside--;
  }

  #next(): Passer | undefined {
    const [next] = this.#waiting;
    if (next !== undefined) this.#waiting.delete(next);
    return next;
  }
}
