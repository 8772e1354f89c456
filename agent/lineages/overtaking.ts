/**
 * Whether a path is rotated faster than it is read, from the first survey that is broken off, or the first file that
 * there is no room for, until files have their places again; then it is told. It looks at nothing itself.
 */
import type { FileIdentity, FileLook } from '../files/log-file.js';
import { type Candidate, isStranger } from '../rotation/candidates.js';
import { PassedOver } from '../rotation/passed-over.js';
import { type FileOnceSeen, Pursuit } from '../rotation/pursuit.js';
import type { Listed } from '../rotation/sibling-listing.js';
import type { Survey } from '../rotation/survey.js';
import type { Notices } from '../status/notices.js';

export class Overtaking {
  /** Comes when files have to be passed over. */
  #passedOver: PassedOver | undefined;
  /** While surveys are broken off. */
  #pursuit: Pursuit | undefined;

  /** There is no room for the file at the path. */
  passOver(seen: FileLook): void {
    this.#passedOver ??= new PassedOver();
    this.#passedOver.see(seen);
  }

  /** `last`: the file that was read last before it. */
  beginSurvey(last: FileOnceSeen | undefined): void {
    if (last !== undefined) this.#pursuit ??= new Pursuit(last);
  }

  see(path: string, listed: readonly Listed[], isHeld: (identity: FileIdentity) => boolean): void {
    this.#pursuit?.see(path, listed, isHeld);
  }

  /** Rotated files of which nobody knew came after one that is not there any more. False where it is to go on. */
  tell(path: string, { outcome, older, listed }: Survey, notices: Notices): boolean {
    if (outcome === 'moving' || outcome === 'waiting') return false;
    const pursuit = this.#pursuit;
    this.#pursuit = undefined;
    if (pursuit === undefined || listed.length === 0) return this.#passedOver === undefined;
    const there = [...listed.map(({ look }) => look), ...older.map(({ look }) => look)];
    const overtaken = this.#passedOver?.settle(there.map(({ identity }) => identity));
    // That one itself may have been held and be unread.
    const isLater = (found: Candidate) => isStranger(found) && !pursuit.isLast(found.file.identity);
    if (older.some(isLater) && pursuit.hasLost(listed)) notices.overtaken(path, overtaken);
    return true;
  }
}
