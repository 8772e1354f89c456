/** What both entry points, for Node and for browsers, export beside `connect`. */
export type { Client } from './client.js';
export { ClientError, type ClientErrorCode } from './errors.js';
export type {
  CaughtUpEvent,
  ClientNotice,
  GapEvent,
  LinesEvent,
  SubscriptionEvent,
  UnsubscribedEvent,
} from './events.js';
export type { ConnectOptions, SubscribeOptions } from './options.js';
export type { Subscription } from './subscription.js';
export type { TokenSource } from './token.js';
