/**
 * Lines of several applications in one file, as a small host has them: structured JSON with trace ids,
 * logfmt, a Java service with stack traces, a database, sshd. One request writes several lines, interleaved
 * with those of others. Pure.
 */
import type { Random } from './random.js';

type Story = (random: Random, time: string) => string[];

const STORIES_AT_ONCE = 12;
const STARTED_AT_MS = Date.UTC(2025, 5, 2, 7, 30, 0);
const ROUTES = [
  '/v1/orders',
  '/v1/orders/:id',
  '/v1/invoices',
  '/v1/customers/:id',
  '/v1/search',
  '/v1/login',
];
const TABLES = ['orders', 'order_items', 'customers', 'invoices', 'payments', 'shipments'];
const CLASSES = ['OrderService', 'InvoiceRenderer', 'PaymentGateway', 'StockLedger', 'MailQueue'];
const STORIES: readonly Story[] = [
  jsonRequest,
  jsonRequest,
  jsonRequest,
  logfmtJob,
  javaCall,
  database,
  login,
];

export function* applicationLogLines(random: Random): Generator<string, never> {
  const open: string[][] = [];
  let timeMs = STARTED_AT_MS;
  while (true) {
    timeMs += random.int(0, 9);
    while (open.length < STORIES_AT_ONCE) {
      open.push(random.pick(STORIES)(random, new Date(timeMs).toISOString()));
    }
    const index = random.int(0, open.length - 1);
    const story = open[index] as string[];
    yield story.shift() as string;
    if (story.length === 0) open.splice(index, 1);
  }
}

function jsonRequest(random: Random, time: string): string[] {
  const base = { time, service: 'checkout', traceId: random.hex(32), pid: random.int(300, 320) };
  const route = random.pickSkewed(ROUTES);
  const queries = Array.from({ length: random.int(1, 4) }, () =>
    JSON.stringify({
      ...base,
      level: 'debug',
      msg: 'query',
      table: random.pick(TABLES),
      rows: random.int(0, 80),
    }),
  );
  const status = random.next() < 0.95 ? 200 : random.pick([400, 404, 409, 500, 503]);
  const durationMs = Number((random.next() ** 3 * 900).toFixed(2));
  return [
    JSON.stringify({ ...base, level: 'info', msg: 'request', route, user: random.int(1_000, 99_999) }),
    ...queries,
    JSON.stringify({ ...base, level: status < 500 ? 'info' : 'error', msg: 'response', status, durationMs }),
  ];
}

function logfmtJob(random: Random, time: string): string[] {
  const job = random.pick(['reindex', 'mail-digest', 'expire-carts', 'sync-stock']);
  const head = `ts=${time} caller=worker/run.go:${random.pick([88, 131, 190])} component=${job} job=${random.hex(12)}`;
  return [
    `${head} level=info msg="job started" queue=default attempt=${random.int(1, 3)}`,
    `${head} level=info msg="progress" done=${random.int(1, 5_000)} of=5000`,
    `${head} level=info msg="job finished" duration=${(random.next() * 40).toFixed(3)}s`,
  ];
}

function javaCall(random: Random, time: string): string[] {
  const name = random.pick(CLASSES);
  const prefix = `${time.replace('T', ' ').slice(0, 23)} `;
  const thread = `[http-nio-8080-exec-${random.int(1, 24)}] com.example.billing.${name}`;
  if (random.next() < 0.9) {
    return [
      `${prefix}INFO  ${thread} - processed ${random.int(1, 400)} records for account ${random.int(1, 9_999)}`,
    ];
  }
  return [
    `${prefix}ERROR ${thread} - could not reach upstream, giving up after ${random.int(2, 5)} attempts`,
    `java.net.SocketTimeoutException: Read timed out after ${random.pick([2_000, 5_000, 10_000])} ms`,
    ...Array.from({ length: random.int(6, 18) }, () => stackFrame(random)),
  ];
}

function stackFrame(random: Random): string {
  const method = random.pick(['handle', 'invoke', 'doFilter', 'execute', 'run', 'read', 'send']);
  const name = random.pick(CLASSES);
  return `\tat com.example.billing.${name}.${method}(${name}.java:${random.int(20, 480)})`;
}

function database(random: Random, time: string): string[] {
  const head = `${time.replace('T', ' ').slice(0, 23)} UTC [${random.int(2_000, 2_040)}] app@shop`;
  const table = random.pick(TABLES);
  return [
    `${head} LOG:  duration: ${(random.next() ** 2 * 1_500).toFixed(3)} ms  execute <unnamed>: ` +
      `SELECT id, state, updated_at FROM ${table} WHERE customer_id = $1 ORDER BY updated_at DESC LIMIT 50`,
    `${head} DETAIL:  parameters: $1 = '${random.int(1_000, 99_999)}'`,
  ];
}

function login(random: Random, time: string): string[] {
  const from = `10.0.${random.int(0, 255)}.${random.int(1, 254)} port ${random.int(30_000, 65_000)}`;
  const head = `${time.slice(0, 19)} web-1 sshd[${random.int(10_000, 32_000)}]:`;
  return [
    `${head} Connection from ${from} on 10.0.0.4 port 22`,
    `${head} Failed password for invalid user ${random.pick(['admin', 'test', 'oracle', 'ubuntu'])} from ${from} ssh2`,
    `${head} Connection closed by ${from} [preauth]`,
  ];
}
