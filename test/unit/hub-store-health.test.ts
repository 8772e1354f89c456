import { expect, test } from 'vitest';
import { Metrics } from '../../hub/metrics.js';
import { StoreHealth } from '../../hub/store-health.js';
import { StoreError } from '../../shared/errors.js';
import { SILENT } from '../../shared/logger.js';

const AWAY = new StoreError('unavailable', 'away', { retryable: true });
const CORRUPT = new StoreError('corrupt', 'a key has another type');

function rig() {
  const clock = { nowMs: 0 };
  let told = 0;
  const health = new StoreHealth(
    SILENT,
    new Metrics(),
    () => (told += 1),
    () => clock.nowMs,
  );
  return { clock, health, told: () => told };
}

test('an outage is told once, however many calls fail', () => {
  const { health, told } = rig();
  for (let count = 0; count < 5; count += 1) expect(health.failed(AWAY, 'a call')).toBe(true);
  expect([health.isDown, health.outages, told()]).toEqual([true, 1, 1]);
  health.succeeded();
  expect(health.isDown).toBe(false);
});

test('a store that comes back piece by piece has one outage', () => {
  const { clock, health, told } = rig();
  for (let count = 0; count < 5; count += 1) {
    health.failed(AWAY, 'a call');
    health.succeeded();
    clock.nowMs += 5_000;
  }
  expect([health.isDown, told()]).toEqual([false, 1]);
});

test('a store that goes away again after a while has another outage', () => {
  const { clock, health, told } = rig();
  health.failed(AWAY, 'a call');
  health.succeeded();
  clock.nowMs += 10_000;
  health.failed(AWAY, 'a call');
  expect([health.isDown, health.outages, told()]).toEqual([true, 2, 2]);
});

test('what fails for one channel alone is no outage', () => {
  const { health, told } = rig();
  expect(health.failed(CORRUPT, 'a call')).toBe(false);
  expect(health.failed(new Error('a bug'), 'a call')).toBe(false);
  expect([health.isDown, told()]).toEqual([false, 0]);
});
