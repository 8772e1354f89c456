/**
 * How fast does one client catch up with a backlog? All lines are in Redis before it asks. Measured beside
 * the live rate of the same client in the same run, which it must not be below.
 */
import { type Delivery, type DeliveryPlan, withDelivery } from '../harness/delivery.js';
import { type Answer, at, type Bench } from '../harness/question.js';
import { median } from '../harness/statistics.js';

export function backlog(bench: Bench): Promise<Answer[]> {
  const plan = {
    subscribers: 'programs/parsing-subscriber.ts',
    connections: 1,
    batches: at(bench, { full: 1_000, quick: 300, smoke: 6 }),
  };
  const behind: DeliveryPlan = { ...plan, live: false };
  const live: DeliveryPlan = { ...plan, live: true };
  return withDelivery(bench, async (delivery) => {
    const runs: { behind: Delivery; live: Delivery; plain: Delivery }[] = [];
    for (let run = 1; run <= at(bench, { full: 5, quick: 1, smoke: 1 }); run += 1) {
      bench.note(`backlog: run ${run}, behind, live, plain relay behind`);
      runs.push({
        behind: await delivery.throughHub(behind),
        live: await delivery.throughHub(live),
        plain: await delivery.throughPlainRelay(behind),
      });
    }
    const liveRate = median(runs.map((run) => rate(run.live)));
    return [
      {
        question: 'backlog',
        measure: 'one client, ws and JSON.parse',
        unit: 'lines/s',
        runs: runs.map((run) => rate(run.behind)),
        bar: { value: liveRate, better: 'higher' },
        yardstick: { name: 'plain relay', runs: runs.map((run) => rate(run.plain)) },
        details: {
          'lowest live lines/s': Math.min(...runs.map((run) => rate(run.live))),
          'live lines/s': liveRate,
          'hub CPU s': median(runs.map((run) => run.behind.relayCpuSeconds)),
        },
      },
    ];
  });
}

function rate({ deliveries, seconds }: Delivery): number {
  return deliveries / seconds;
}
