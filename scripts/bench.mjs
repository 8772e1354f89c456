/** `npm run bench`: sets up, then runs bench/run.ts; arguments are passed on. */
import { provideRsyslog, requireRedis } from './programs.mjs';
import { node, setUp } from './set-up.mjs';

setUp();
const redis = requireRedis();
provideRsyslog();
const { status } = node('node_modules/tsx/dist/cli.mjs', ['bench/run.ts', ...process.argv.slice(2)], {
  REDIS_SERVER: redis,
});
process.exitCode = status ?? 1;
