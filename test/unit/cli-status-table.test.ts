import { expect, test } from 'vitest';
import { type AgentStatus, type FileState, STATES } from '../../agent/status/status-shape.js';
import { bytesInWords } from '../../cli/bytes-in-words.js';
import { statusText } from '../../cli/status-table.js';

const FILE = {
  ...{ path: '/var/log/app.log', channel: 'web/app.log', state: 'idle' as const },
  ...{ sizeBytes: 2_048, offsetBytes: 2_048, unreadBytes: 0, lagSeconds: 0 },
};

function statusWith(changes: Partial<AgentStatus>): AgentStatus {
  const states = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<FileState, number>;
  return {
    ...{ pid: 42, tenant: 'acme', host: 'web', startedAt: '2026-11-23T08:00:00.000Z', uptimeSeconds: 7_200 },
    ...{ isAtWork: true, stats: { lines: 1_234_567 }, unreadBytes: 0, lagSeconds: 0 },
    ...{ states: { ...states, idle: 1 }, files: [FILE], omittedFiles: 0, ...changes },
  };
}

test('one line says it all where nothing is wrong', () => {
  const [summary] = statusText(statusWith({ states: { ...statusWith({}).states, idle: 10_000 } })).split(
    '\n',
  );
  expect(summary).toBe(
    'agent 42 on web for tenant acme, up 2 hours: 10,000 files (10,000 idle), nothing unread, 1,234,567 lines appended',
  );
});

test('an error stands under its file, and says whether it is over', () => {
  const lastError = { message: 'EACCES: no', since: '2026-11-23T09:00:00.000Z', isOver: false };
  const text = (isOver: boolean) =>
    statusText(
      statusWith({ files: [{ ...FILE, state: 'unreadable', lastError: { ...lastError, isOver } }] }),
    );
  expect(text(false)).toMatch(/app\.log\n {4}error: EACCES: no \(since 2026-11-23T09:00:00\.000Z\)\n$/);
  expect(text(true)).toMatch(/\n {4}earlier: EACCES: no/);
});

test('an agent that waits for the store says so, before and after it has begun', () => {
  expect(statusText(statusWith({ isAtWork: false }))).toMatch(/\nit waits to hear from the store/);
  const storeAway = { since: '2026-11-23T09:00:00.000Z', message: 'refused' };
  expect(statusText(statusWith({ storeAway }))).toMatch(
    /\nthe store is away since 2026-11-23T\S+Z: refused\n/,
  );
});

test('a name that would give orders to the terminal is shown, not obeyed', () => {
  const text = statusText(statusWith({ files: [{ ...FILE, path: '/tmp/\x1b[2Jevil\nname\u009b' }] }));
  expect(text).toContain('/tmp/\\x1b[2Jevil\\x0aname\\x9b\n');
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_023, '1.0 KiB'],
  [1_536, '1.5 KiB'],
  [64 * 2 ** 20, '64 MiB'],
  [1_000 * 2 ** 20, '1.0 GiB'],
  [2 ** 50, '1.0 PiB'],
  [2 ** 62, '4096 PiB'],
])('%i bytes are %s', (bytes, words) => {
  expect(bytesInWords(bytes)).toBe(words);
});
