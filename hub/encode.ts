/** A message of the hub, other than one made of a stored batch, as the bytes that go to a socket. */
import type { HubMessage } from '../shared/protocol/messages.js';
import { textMessage } from './websocket-frame.js';

export function encode(message: HubMessage): Buffer {
  return textMessage(JSON.stringify(message));
}
