/**
 * Access-log lines as a web server in front of a shop writes them, 123 bytes on average with the line feed:
 * many visitors at once, each loading pages with their assets (of fixed size) and calling an API. Pure.
 */
import type { Random } from './random.js';

interface Request {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly bytes: number;
  readonly referer: string;
}

interface Visit {
  readonly address: string;
  readonly requests: Request[];
}

const VISITORS = 20_000;
const VISITS_AT_ONCE = 40;
const LINES_PER_SECOND = 900;
const STARTED_AT_MS = Date.UTC(2025, 2, 14, 9, 0, 0);
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const SECTIONS = ['garden', 'kitchen', 'light', 'office', 'paint', 'shelf', 'fabric', 'tools'];
const SITE = 'https://shop.test';

export function* accessLogLines(random: Random): Generator<string, never> {
  const addresses = Array.from({ length: VISITORS }, () => address(random));
  const assets = Array.from({ length: 48 }, (_, index) => asset(random, index));
  const visits: Visit[] = [];
  for (let written = 0; ; written += 1) {
    while (visits.length < VISITS_AT_ONCE) {
      visits.push({ address: random.pickSkewed(addresses), requests: pageLoad(random, assets) });
    }
    const index = random.int(0, visits.length - 1);
    const visit = visits[index] as Visit;
    yield format(visit.address, visit.requests.shift() as Request, timestamp(written));
    if (visit.requests.length === 0) visits.splice(index, 1);
  }
}

function address(random: Random): string {
  return `10.${random.int(16, 31)}.${random.int(0, 255)}.${random.int(1, 254)}`;
}

function asset(random: Random, index: number): Omit<Request, 'referer'> {
  const [kind, extension] = random.pick([
    ['js', 'js'],
    ['css', 'css'],
    ['img', 'png'],
    ['font', 'woff'],
  ] as const);
  const path = `/a/${kind}/${SECTIONS[index % SECTIONS.length]}-${random.hex(4)}.${extension}`;
  return { method: 'GET', path, status: 200, bytes: random.int(900, 260_000) };
}

function pageLoad(random: Random, assets: readonly Omit<Request, 'referer'>[]): Request[] {
  const section = random.pickSkewed(SECTIONS);
  const product = Math.floor(random.next() ** 2 * 60_000);
  const path = random.next() < 0.3 ? `/${section}` : `/${section}/p/${product}`;
  const referer = `${SITE}${path}`;
  const page = {
    method: 'GET',
    path,
    status: status(random),
    bytes: random.int(8_000, 42_000),
    referer: SITE,
  };
  // A browser asks for each asset once.
  const wanted = new Set(Array.from({ length: random.int(2, 9) }, () => random.pickSkewed(assets)));
  const parts = [...wanted].map((part) => ({ ...part, referer }));
  const calls = Array.from({ length: random.int(0, 4) }, () => apiCall(random, product, referer));
  return [page, ...parts, ...calls];
}

function apiCall(random: Random, product: number, referer: string): Request {
  const [method, path] = random.pick([
    ['GET', `/api/products/${product}/stock`],
    ['GET', `/api/products/${product}/reviews?page=${random.int(1, 5)}`],
    ['POST', '/api/cart/items'],
    ['GET', '/api/session'],
  ] as const);
  return { method, path, status: status(random), bytes: random.int(80, 2_400), referer };
}

function status(random: Random): number {
  const draw = random.next();
  if (draw < 0.9) return 200;
  return draw < 0.96 ? 304 : random.pick([301, 302, 400, 401, 404, 404, 404, 429, 499, 500, 502]);
}

function timestamp(written: number): string {
  const time = new Date(STARTED_AT_MS + Math.floor(written / LINES_PER_SECOND) * 1_000);
  const day = `${time.getUTCDate()}`.padStart(2, '0');
  const clock = time.toISOString().slice(11, 19);
  return `${day}/${MONTHS[time.getUTCMonth()]}/${time.getUTCFullYear()}:${clock} +0000`;
}

function format(from: string, request: Request, time: string): string {
  const { method, path, status: code, bytes, referer } = request;
  return `${from} - - [${time}] "${method} ${path} HTTP/1.1" ${code} ${bytes} "${referer}"`;
}
