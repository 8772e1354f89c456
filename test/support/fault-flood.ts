/**
 * Lines that hardly compress, as many as a test needs, and a check of their order that holds none of them:
 * line n begins with n.
 */
import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import type { HubMessage } from '../../shared/protocol/index.js';
import { Bell } from './fault-bell.js';

const LINE_BYTES = 1_000;

export class Flood {
  readonly #file: string;
  #lines = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** Number of the last line. */
  get lines(): number {
    return this.#lines;
  }

  get bytes(): number {
    return this.#lines * LINE_BYTES;
  }

  write(bytes: number): void {
    const lines = Math.ceil(bytes / LINE_BYTES);
    const texts = Array.from({ length: lines }, () => this.#next());
    appendFileSync(this.#file, texts.join(''));
  }

  #next(): string {
    this.#lines += 1;
    const head = `${this.#lines} `;
    const noise = randomBytes(LINE_BYTES).toString('base64');
    return `${head}${noise.slice(0, LINE_BYTES - head.length - 1)}\n`;
  }
}

/** Takes a client's messages and throws at the first line that is not the next one. */
export class OrderCheck {
  #lines = 0;
  #fault: string | undefined;
  readonly #bell = new Bell();

  /** Lines that came, all in order. */
  get lines(): number {
    return this.#lines;
  }

  readonly take = (message: HubMessage): void => {
    if (message.type === 'lines') for (const line of message.lines) this.#takeLine(line);
    if (message.type === 'gap' || message.type === 'error') this.#fault ??= JSON.stringify(message);
    this.#bell.ring();
  };

  /** Resolves when so many lines have come. Rejects for a gap, an error or a line out of order. */
  async reaches(lines: number): Promise<void> {
    for (;;) {
      if (this.#fault !== undefined) throw new Error(this.#fault);
      if (this.#lines >= lines) return;
      await this.#bell.next(`more lines than ${this.#lines} of ${lines}`);
    }
  }

  #takeLine(line: string): void {
    const number = Number.parseInt(line, 10);
    if (number !== this.#lines + 1) this.#fault ??= `line ${number} came after line ${this.#lines}`;
    this.#lines = number;
  }
}
