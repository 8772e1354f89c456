/** What an agent says once: not again for as long as it matters, and not remembered for ever. */
import { expect, test } from 'vitest';
import { newCounters } from '../../agent/status/agent-stats.js';
import { Notices } from '../../agent/status/notices.js';
import { SILENT } from '../../shared/logger.js';

/** Notices that are remembered. */
const TOLD_MAX = 50_000;

test('what was told is not told again, until more came since than is remembered', () => {
  const told: string[] = [];
  const notices = new Notices({ ...SILENT, info: (message) => void told.push(message) }, newCounters());
  const tell = (count: number) => notices.once(`channel ${count}`, `${count} shares a channel`);
  for (let count = 0; count < TOLD_MAX; count++) tell(count);
  tell(0);
  expect(told).toHaveLength(TOLD_MAX);
  tell(TOLD_MAX);
  tell(0);
  expect(told.slice(TOLD_MAX)).toEqual([`${TOLD_MAX} shares a channel`, '0 shares a channel']);
});
