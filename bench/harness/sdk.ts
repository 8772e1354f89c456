/** A subscription through the client SDK as it ships. Used inside bench programs. */
import type { connect } from '../../client/node.js';
import { built } from './inside.js';

export interface SdkSubscription {
  readonly dist: string;
  readonly port: number;
  readonly token: string;
  readonly channel: string;
  /** The subscription stands, and all that there was before has been yielded. */
  readonly onCaughtUp: () => void;
}

/** Yields the lines of each message, from the start of the channel. Throws at a gap. */
export async function* subscribeWithSdk(options: SdkSubscription): AsyncGenerator<readonly string[]> {
  const { dist, port, token, channel, onCaughtUp } = options;
  const sdk = await built<{ connect: typeof connect }>(dist, 'client/node.js');
  const client = sdk.connect({ url: `ws://127.0.0.1:${port}`, token });
  for await (const event of client.subscribe(channel, { from: 'start' })) {
    if (event.type === 'lines') yield event.lines;
    if (event.type === 'caught_up') onCaughtUp();
    if (event.type === 'gap') throw new Error(`a gap came: ${JSON.stringify(event)}`);
  }
}
