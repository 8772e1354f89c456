/**
 * Opens connections, each with one subscription on which nothing ever comes, and keeps them. More are opened
 * with every order, so that what a hub needs for its first ones can be told from what each further one takes.
 */
import { SUBPROTOCOL, WEBSOCKET_PATH } from '../../shared/protocol/messages.js';
import { hear, say, settings } from '../harness/inside.js';
import { type Frame, openRawSocket } from '../harness/raw-socket.js';

export interface IdleSettings {
  readonly port: number;
  readonly token: string;
  /** One channel for each connection, or the same one for all. */
  readonly channels: 'own' | 'shared';
}

const { port, token, channels } = settings<IdleSettings>();
let opened = 0;
let caughtUp = 0;
let wanted = 0;

hear<{ connections: number }>('open', async ({ connections }) => {
  wanted += connections;
  for (let count = 0; count < connections; count += 1) await open();
});
say('ready');

async function open(): Promise<void> {
  opened += 1;
  const channel = channels === 'own' ? `idle/${opened}` : 'idle';
  const socket = await openRawSocket({
    port,
    token,
    path: WEBSOCKET_PATH,
    subprotocol: SUBPROTOCOL,
    onFrame: take,
    onEnd: (reason) => {
      console.error(`idle subscribers: ${reason}`);
      process.exit(1);
    },
  });
  socket.sendText(JSON.stringify({ type: 'subscribe', channel, from: 'now' }));
}

function take({ head }: Frame): void {
  if (!head.includes('"type":"caught_up"')) return;
  caughtUp += 1;
  if (caughtUp === wanted) say('idle');
}
