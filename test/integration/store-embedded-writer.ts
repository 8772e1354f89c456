/**
 * Run as a process of its own: appends numbered lines to the embedded store in a directory, several at a time,
 * and prints the number of each line that was acknowledged. It never ends by itself.
 */
import { openEmbeddedStore } from '../../shared/store/embedded/index.js';
import { Source } from '../conformance/lines.js';
import { KEEP_ALL } from '../conformance/stores.js';

const UNDER_WAY_MAX = 8;

const [directory = '', tenant = '', first = '0'] = process.argv.slice(2);
const { writer } = await openEmbeddedStore({ directory, retention: KEEP_ALL });
const source = await new Source({ tenant, channel: 'app' }).open(writer);
const underWay: Promise<unknown>[] = [];
for (let number = Number(first); ; number++) {
  const append = source.append(writer, `${number}`.padEnd(2_000, '.'));
  underWay.push(append.then(() => process.stdout.write(`${number}\n`)));
  if (underWay.length === UNDER_WAY_MAX) await underWay.shift();
}
