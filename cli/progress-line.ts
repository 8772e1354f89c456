/**
 * One line at the bottom of a terminal that is drawn anew in its place, and steps aside for whatever else is
 * written there. It does not know what it says.
 */
import type { Logger } from '../shared/logger.js';

export interface Terminal {
  readonly columns?: number;
  write(text: string): unknown;
}

const COLUMNS_USUAL = 80;

const CLEAR = '\r\x1b[2K';

export class ProgressLine {
  readonly #terminal: Terminal;
  #text: string | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Undefined takes it away. */
  show(text: string | undefined): void {
    if (text === this.#text) return;
    if (this.#text !== undefined) this.#terminal.write(CLEAR);
    this.#text = text;
    this.#draw();
  }

  /** A logger that writes to the same terminal, each notice on a line of its own. */
  beside({ debug, info, warn, error }: Logger): Logger {
    const aside =
      (write: Logger['info']): Logger['info'] =>
      (...notice) => {
        if (this.#text !== undefined) this.#terminal.write(CLEAR);
        write(...notice);
        this.#draw();
      };
    return { debug: aside(debug), info: aside(info), warn: aside(warn), error: aside(error) };
  }

  /** A line that is as wide as the terminal would move on to the next one, and could not be cleared. */
  #draw(): void {
    if (this.#text === undefined) return;
    // A terminal that does not know its width says 0.
    this.#terminal.write(this.#text.slice(0, (this.#terminal.columns || COLUMNS_USUAL) - 1));
  }
}
