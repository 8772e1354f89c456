/** Takes the time from write(2) to message for lines that begin with the clock of their writer. */
import { say, settings } from '../harness/inside.js';
import { subscribeWithSdk } from '../harness/sdk.js';
import { percentile } from '../harness/statistics.js';

export interface TimingSettings {
  readonly dist: string;
  readonly port: number;
  readonly token: string;
  readonly channel: string;
  /** The first lines warm everything up and are not counted. */
  readonly warmUpLines: number;
  readonly lines: number;
}

const options = settings<TimingSettings>();
const latenciesMs = new Float64Array(options.lines);
let messages = 0;
let received = 0;

for await (const texts of subscribeWithSdk({ ...options, onCaughtUp: () => say('ready') })) {
  const now = process.hrtime.bigint();
  messages += 1;
  for (const text of texts) take(text, now);
  if (received === options.warmUpLines + options.lines) say('done', { ...percentiles(), messages });
}

function take(text: string, now: bigint): void {
  const index = received - options.warmUpLines;
  received += 1;
  if (index >= 0) latenciesMs[index] = Number(now - BigInt(text.slice(0, text.indexOf(' ')))) / 1e6;
}

function percentiles(): object {
  const [p50, p90, p99, max] = [0.5, 0.9, 0.99, 1].map((share) => percentile(latenciesMs, share));
  return { p50, p90, p99, max };
}
