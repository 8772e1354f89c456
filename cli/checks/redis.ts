/** Whether a Redis server fits: asks it once, then judges. The judgement is pure. */

import { ConfigError, StoreError } from '../../shared/errors.js';
import type { RedisLogin } from '../../shared/store/redis/address.js';
import { probeRedis, type RedisProbe } from '../../shared/store/redis/probe.js';
import type { Finding } from './finding.js';

const VERSION_MIN = [7, 0] as const;
/** Above this, times in `--since` and in messages are visibly off. */
const CLOCK_DIFFERENCE_WARN_MS = 2_000;

/** `login` stands in for one in the URL. */
export async function checkRedis(url: string | undefined, login?: RedisLogin): Promise<Finding[]> {
  if (url === undefined) {
    return [
      {
        level: 'skip',
        subject: 'redis',
        text: 'give --redis, TAILRACE_REDIS_URL or --config to check a server',
      },
    ];
  }
  try {
    return judgeRedis(await probeRedis(url, login));
  } catch (error) {
    if (!(error instanceof StoreError || error instanceof ConfigError)) throw error;
    return [{ level: 'fail', subject: 'redis', text: error.message }];
  }
}

export function judgeRedis(probe: RedisProbe): Finding[] {
  return [
    { level: 'ok', subject: 'redis', text: `answers at ${probe.server} within ${probe.roundTripMs} ms` },
    judgeVersion(probe.version),
    judgeEviction(probe.maxmemoryPolicy),
    judgePersistence(probe),
    judgeClock(probe.clockAheadMs),
  ];
}

function judgeVersion(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const fits = major > VERSION_MIN[0] || (major === VERSION_MIN[0] && minor >= VERSION_MIN[1]);
  return fits
    ? { level: 'ok', subject: 'version', text: version }
    : {
        level: 'fail',
        subject: 'version',
        text: `${version}: run Redis ${VERSION_MIN.join('.')} or newer, or Valkey`,
      };
}

function judgeEviction(policy: string): Finding {
  if (policy === 'noeviction') return { level: 'ok', subject: 'eviction', text: policy };
  return {
    level: 'fail',
    subject: 'eviction',
    text: `maxmemory-policy is ${policy}, and Redis may remove whole channels: set it to noeviction`,
  };
}

function judgePersistence({ appendOnly, save }: RedisProbe): Finding {
  const subject = 'persistence';
  if (appendOnly) return { level: 'ok', subject, text: 'appendonly' };
  const loses =
    save === '' ? 'a restart of Redis loses all lines' : 'a crash of Redis loses the newest lines';
  return {
    level: 'warn',
    subject,
    text: `appendonly is off, ${loses} (agents send again what files still hold): set appendonly yes`,
  };
}

function judgeClock(aheadMs: number): Finding {
  const subject = 'clock';
  const difference = `${Math.abs(aheadMs)} ms ${aheadMs < 0 ? 'behind' : 'ahead of'} this host`;
  if (Math.abs(aheadMs) < CLOCK_DIFFERENCE_WARN_MS)
    return { level: 'ok', subject, text: `Redis is ${difference}` };
  return { level: 'warn', subject, text: `Redis is ${difference}: let NTP set both clocks` };
}
