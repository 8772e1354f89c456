/**
 * How many lines a second does one subscriber get, and parse, while they are appended? Once with nothing but
 * a WebSocket library and `JSON.parse`, which is also what the yardstick serves, once with the client SDK.
 */
import { type Delivery, type DeliveryPlan, withDelivery } from '../harness/delivery.js';
import { type Answer, at, type Bench } from '../harness/question.js';
import { median } from '../harness/statistics.js';

const BAR = { value: 0.7e6, better: 'higher' } as const;

export function redisToOne(bench: Bench): Promise<Answer[]> {
  const batches = at(bench, { full: 1_000, quick: 300, smoke: 6 });
  const plan = { connections: 1, batches, live: true };
  return withDelivery(bench, async (delivery) => {
    const parsing: DeliveryPlan = { ...plan, subscribers: 'programs/parsing-subscriber.ts' };
    const sdk: DeliveryPlan = { ...plan, subscribers: 'programs/sdk-subscriber.ts' };
    const runs: { parsing: Delivery; sdk: Delivery; plain: Delivery }[] = [];
    for (let run = 1; run <= at(bench, { full: 5, quick: 2, smoke: 1 }); run += 1) {
      bench.note(`redis-to-1: run ${run}, hub to ws, hub to SDK, plain relay to ws`);
      runs.push({
        parsing: await delivery.throughHub(parsing),
        sdk: await delivery.throughHub(sdk),
        plain: await delivery.throughPlainRelay(parsing),
      });
    }
    const plain = runs.map((run) => run.plain);
    return [
      answer(
        'ws and JSON.parse',
        runs.map((run) => run.parsing),
        plain,
      ),
      answer(
        'client SDK',
        runs.map((run) => run.sdk),
        plain,
      ),
    ];
  });
}

function answer(measure: string, runs: readonly Delivery[], plain: readonly Delivery[]): Answer {
  return {
    question: 'redis-to-1',
    measure,
    unit: 'lines/s',
    runs: runs.map(linesPerSecond),
    bar: BAR,
    yardstick: { name: 'plain relay to ws', runs: plain.map(linesPerSecond) },
    details: {
      'hub CPU s': median(runs.map((run) => run.relayCpuSeconds)),
      'plain relay CPU s': median(plain.map((run) => run.relayCpuSeconds)),
      'seconds a run': median(runs.map((run) => run.seconds)),
    },
  };
}

function linesPerSecond({ deliveries, seconds }: Delivery): number {
  return deliveries / seconds;
}
