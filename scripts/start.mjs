/**
 * `npm start`: installs and builds what is missing, then is `tailrace start` with the clone's own data
 * directory. Arguments are passed on: `npm start -- /var/log/syslog`.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MAIN, ROOT, setUp } from './set-up.mjs';

setUp();

const args = process.argv.slice(2);
process.argv.splice(1, process.argv.length, MAIN, 'start', '--data-dir', join(ROOT, '.tailrace'), ...args);
// npm changes to the package's directory; relative paths are meant from where the user is.
if (process.env.INIT_CWD !== undefined) process.chdir(process.env.INIT_CWD);
// In this process and not a child of it, so that signals and the exit code need no messenger.
await import(pathToFileURL(MAIN).href);
