/** One subscriber of one channel through the client SDK. */
import type { SubscriberSettings } from '../harness/delivery.js';
import { say, settings } from '../harness/inside.js';
import { subscribeWithSdk } from '../harness/sdk.js';

const PROGRESS_EVERY_MS = 10;

const { dist, port, token, channel, totalLines } = settings<SubscriberSettings>();
let receivedLines = 0;
let characters = 0;

setInterval(() => say('progress', { lines: receivedLines }), PROGRESS_EVERY_MS);
say('asked');
for await (const lines of subscribeWithSdk({
  dist,
  port,
  token,
  channel,
  onCaughtUp: () => say('subscribed'),
})) {
  receivedLines += lines.length;
  // Every line is looked at, as a reader would.
  for (const line of lines) characters += line.length;
  if (receivedLines >= totalLines) say('done', { deliveries: receivedLines, characters });
}
