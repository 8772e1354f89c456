/**
 * A lively log for somebody who has none at hand: an imaginary shop writes a few lines a second. The file is
 * rotated by rename so that it stays small, as a real one would be.
 */
import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const FILE_BYTES_MAX = 256 * 1024;
/** Between two bursts of lines: one to six at a time, so that it looks like work being done. */
const PAUSE_MS = { min: 60, max: 700 } as const;
const BURST_LINES_MAX = 6;

export interface DemoLog {
  stop(): Promise<void>;
}

/** Rejects where the file cannot be written. */
export async function startDemoLog(path: string, onError: (error: unknown) => void): Promise<DemoLog> {
  await mkdir(dirname(path), { recursive: true });
  await writeBurst(path);
  const ending = new AbortController();
  const done = writeUntil(ending.signal, path).catch(onError);
  return {
    stop: () => {
      ending.abort();
      return done;
    },
  };
}

async function writeUntil(signal: AbortSignal, path: string): Promise<void> {
  while (!signal.aborted) {
    await writeBurst(path);
    await rotateIfLarge(path);
    const pauseMs = PAUSE_MS.min + Math.random() * (PAUSE_MS.max - PAUSE_MS.min);
    await sleep(pauseMs, undefined, { signal }).catch(() => {});
  }
}

async function writeBurst(path: string): Promise<void> {
  const count = 1 + Math.floor(Math.random() * BURST_LINES_MAX);
  const lines = Array.from({ length: count }, () => `${demoLine(Date.now(), Math.random)}\n`);
  await appendFile(path, lines.join(''));
}

async function rotateIfLarge(path: string): Promise<void> {
  const { size } = await stat(path);
  if (size > FILE_BYTES_MAX) await rename(path, `${path}.1`);
}

type Random = () => number;

/** How often a kind of line comes, and its text. */
const KINDS: readonly (readonly [weight: number, text: (random: Random) => string])[] = [
  [40, (random) => `INFO  http    ${request(random)} 200 ${milliseconds(random, 40)}`],
  [8, (random) => `INFO  http    GET /assets/app.${hex(random)}.js 304 1ms`],
  [10, (random) => `INFO  orders  order ${id(random)} placed: ${2 + int(random, 5)} items, ${price(random)}`],
  [
    8,
    (random) =>
      `INFO  worker  mail "order confirmation" sent for order ${id(random)} in ${milliseconds(random, 300)}`,
  ],
  [6, (random) => `DEBUG cache   miss for product:${id(random)}, loaded in ${milliseconds(random, 20)}`],
  [
    4,
    (random) =>
      `WARN  db      slow query (${milliseconds(random, 1_500)}): SELECT … FROM orders WHERE customer = ${id(random)}`,
  ],
  [3, (random) => `WARN  http    ${request(random)} 404 ${milliseconds(random, 10)}`],
  [2, (random) => `WARN  payment card of order ${id(random)} declined: insufficient funds`],
  [
    1,
    (random) =>
      `ERROR payment gateway did not answer within 3000ms, attempt ${1 + int(random, 3)} of 3, order ${id(random)}`,
  ],
];

const WEIGHTS = KINDS.reduce((sum, [weight]) => sum + weight, 0);

/** `random` returns 0 (inclusive) to 1 (exclusive). */
export function demoLine(nowMs: number, random: Random): string {
  let place = random() * WEIGHTS;
  const kind = KINDS.find(([weight]) => {
    place -= weight;
    return place < 0;
  });
  return `${new Date(nowMs).toISOString()} ${kind?.[1](random)}`;
}

const REQUESTS = [
  'GET /',
  'GET /search?q=lamp',
  'GET /products/',
  'POST /cart',
  'GET /cart',
  'POST /checkout',
];

function request(random: Random): string {
  const path = REQUESTS[int(random, REQUESTS.length)] ?? '';
  return path.endsWith('s/') ? `${path}${id(random)}` : path;
}

function id(random: Random): number {
  return 1_000 + int(random, 9_000);
}

function price(random: Random): string {
  return `${(5 + random() * 200).toFixed(2)} EUR`;
}

/** Mostly quick, now and then slow, like everything that is measured. */
function milliseconds(random: Random, typical: number): string {
  return `${1 + Math.floor((typical * (0.3 + random())) / (1.05 - random()))}ms`;
}

function hex(random: Random): string {
  return int(random, 0x1000000).toString(16).padStart(6, '0');
}

function int(random: Random, below: number): number {
  return Math.floor(random() * below);
}
