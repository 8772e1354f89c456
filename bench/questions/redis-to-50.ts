/**
 * How many line deliveries a second does one hub make to 50 subscribers of one channel? They sit on raw
 * sockets and count frames without inflating them, so that the hub is what is measured.
 */
import { type Delivery, type DeliveryPlan, withDelivery } from '../harness/delivery.js';
import { type Answer, at, type Bench } from '../harness/question.js';
import { median } from '../harness/statistics.js';

export function redisToFifty(bench: Bench): Promise<Answer[]> {
  const plan: DeliveryPlan = {
    subscribers: 'programs/counting-subscribers.ts',
    connections: 50,
    batches: at(bench, { full: 2_000, quick: 500, smoke: 6 }),
    live: true,
  };
  return withDelivery(bench, async (delivery) => {
    const hub: Delivery[] = [];
    const plain: Delivery[] = [];
    for (let run = 1; run <= at(bench, { full: 5, quick: 1, smoke: 1 }); run += 1) {
      bench.note(`redis-to-50: run ${run}, hub, then plain relay`);
      hub.push(await delivery.throughHub(plan));
      plain.push(await delivery.throughPlainRelay(plan));
    }
    return [
      {
        question: 'redis-to-50',
        measure: '50 counting sockets',
        unit: 'deliveries/s',
        runs: hub.map(({ deliveries, seconds }) => deliveries / seconds),
        bar: { value: 10e6, better: 'higher' },
        yardstick: {
          name: 'plain relay',
          runs: plain.map(({ deliveries, seconds }) => deliveries / seconds),
        },
        details: {
          'hub CPU s': median(hub.map((run) => run.relayCpuSeconds)),
          'plain relay CPU s': median(plain.map((run) => run.relayCpuSeconds)),
          'seconds a run': median(hub.map((run) => run.seconds)),
        },
      },
    ];
  });
}
