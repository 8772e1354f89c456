/** The events of one path that may go on: who waits for what comes next, in the same file or in the one after it. */

import type { MoveContext } from '../sources/source-move.js';
import type { StoreClient } from '../sources/store-access.js';
import { EventJoint, type JointFile, type JointTurn } from './event-joint.js';
import { EventWait } from './event-wait.js';

export class OpenEvents {
  readonly #joint: EventJoint;
  readonly #wait: EventWait;

  constructor(context: MoveContext, client: StoreClient) {
    this.#joint = new EventJoint(context, client);
    this.#wait = new EventWait(() => client.wake());
  }

  /** Has the client woken when the event at the end of the file is over by time. */
  await({ restsInMs = 0 }: JointFile): void {
    this.#wait.begin(restsInMs);
  }

  /** The event at the end of `older` may go on in `newer`, of which nothing was read, but in no file behind it. */
  async settle(older: JointFile, newer: JointFile, isNewerOver: boolean): Promise<JointTurn> {
    const { events } = older.format;
    if (events === undefined) return 'end';
    const turn = await this.#joint.settle(older, newer, events, isNewerOver);
    if (turn === 'waits') this.await(newer);
    return turn;
  }

  stop(): void {
    this.#wait.stop();
  }
}
