/**
 * What stands, or stood last, between a path and its lines: one sentence per path, for whoever asks. It tells
 * nobody by itself; notices.ts does.
 */

/** Beyond that the oldest is forgotten. */
const PROBLEMS_MAX = 10_000;

export interface Problem {
  readonly message: string;
  /** When it began, by the host's clock, in milliseconds since 1970. */
  readonly atMs: number;
  readonly isOver: boolean;
}

export class Problems {
  readonly #byPath = new Map<string, Problem>();

  /** Repeating it changes nothing while it lasts. */
  begin(path: string, message: string, atMs: number): void {
    const problem = this.#byPath.get(path);
    if (problem?.isOver === false && problem.message === message) return;
    // To the end of the line.
    this.#byPath.delete(path);
    this.#byPath.set(path, { message, atMs, isOver: false });
    const [oldest] = this.#byPath.keys();
    if (this.#byPath.size > PROBLEMS_MAX && oldest !== undefined) this.#byPath.delete(oldest);
  }

  end(path: string): void {
    const problem = this.#byPath.get(path);
    if (problem?.isOver === false) this.#byPath.set(path, { ...problem, isOver: true });
  }

  of(path: string): Problem | undefined {
    return this.#byPath.get(path);
  }

  /** Paths that have one now, with it. */
  present(): [path: string, problem: Problem][] {
    return [...this.#byPath].filter(([, { isOver }]) => !isOver);
  }
}
