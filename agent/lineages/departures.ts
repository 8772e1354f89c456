/**
 * Generations that were let go of because their files are not what they were, until it is clear what became of
 * their bytes; then it is told what is lost of them.
 */
import { isSameFile } from '../files/log-file.js';
import { type Candidate, isStranger } from '../rotation/candidates.js';
import type { Notices } from '../status/notices.js';
import type { Generation } from './generation.js';
import { lossOf } from './losses.js';

interface Departed {
  readonly generation: Generation;
  readonly isGone: boolean;
}

export class Departures {
  readonly #departed: Departed[] = [];

  /** Before its file is closed. */
  add(generation: Generation): void {
    this.#departed.push({ generation, isGone: !generation.isOpen });
  }

  /** A rotated file of which nobody knew is most likely a copy of what was cut off last. */
  tell(path: string, older: readonly Candidate[], present: readonly Generation[], notices: Notices): void {
    const strangers = older.filter(isStranger);
    for (const { generation, isGone } of this.#departed) {
      const { known } = generation;
      // Its own file, rotated since, holds what came after.
      const copies = strangers.filter(({ file }) => !isSameFile(file.identity, generation.identity));
      const copiedBytes = copies.reduce((sum, { look }) => sum + look.size, 0);
      const rest = present.find((other) => other.known === known || other.original === known);
      // One that was truncated before anything of it was stored may be the same source still.
      const isInCopy = rest?.isCopy === true || rest?.original === known;
      const restBytes = isGone || isInCopy ? (rest?.size ?? 0) : 0;
      const loss = lossOf(path, generation, { restBytes, copiedBytes });
      if (isGone) notices.gone(loss);
      else notices.truncated(loss, isInCopy);
    }
  }
}
