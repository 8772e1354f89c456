/** What a person sees of what was written to a terminal: line ends, `\r` and the clearing of a line carried out. */

const CLEAR_LINE = '\x1b[2K';

/** Stands for it in the text, so that a character tells it. */
const CLEAR_MARK = '\f';

export class Screen {
  columns = 40;
  readonly lines = [''];
  #column = 0;

  write(text: string): void {
    for (const character of text.replaceAll(CLEAR_LINE, CLEAR_MARK)) this.#put(character);
  }

  #put(character: string): void {
    const last = this.lines.length - 1;
    const line = this.lines[last] ?? '';
    if (character === '\n') this.lines.push('');
    else if (character === CLEAR_MARK) this.lines[last] = '';
    else if (character !== '\r') {
      this.lines[last] =
        line.slice(0, this.#column).padEnd(this.#column) + character + line.slice(this.#column + 1);
    }
    if (character === '\n' || character === '\r') this.#column = 0;
    else if (character !== CLEAR_MARK) this.#column++;
  }
}
