import { join } from 'node:path';
import { expect, test } from 'vitest';
import { announcedRandom } from '../support/fault-random.js';
import { ResumingReader } from '../support/fault-reader.js';
import { type FaultStack, type Hub, isReady, startStack } from '../support/fault-stack.js';
import { NumberedWriter, numberedLines } from '../support/numbered-writer.js';
import { compareLines } from '../support/received-lines.js';

const TURNS = 20;

test('a client that alternates between two hubs with one cursor sees one contiguous sequence', async () => {
  const random = announcedRandom('two-hubs');
  await using stack = await startStack();
  const file = join(stack.directory, 'app.log');
  using writer = new NumberedWriter({ file, keep: 1 });
  await stack.startAgent({ tenant: 'acme', sources: [{ include: [file], channel: 'app' }] });
  const hubs = [await stack.startHub(), await stack.startHub()];
  await using reader = new ResumingReader({ token: await stack.token('acme', 'app'), channel: 'app' });

  writer.startWriting(random);
  for (let turn = 0; turn < TURNS; turn += 1) {
    reader.connect((hubs[turn % 2] as Hub).url);
    // Now the hub that the client is at, now the other one: half of the time it must find its way back.
    if (turn % 4 === 1) await restart(stack, hubs, random.between(0, 1));
    await reader.hasLines(reader.lines.length + random.between(1, 500));
    await reader.disconnect();
  }
  writer.stopWriting();
  reader.connect((hubs[0] as Hub).url);
  await reader.hasLines(writer.written);

  const comparison = compareLines(numberedLines(writer.written), reader.lines);
  expect(comparison).toMatchObject({ missing: [], repeated: [], outOfOrder: [], foreign: [] });
  expect(reader.gaps).toEqual([]);
}, 120_000);

/** Ends a hub the way a deployment does and starts it on the same port. */
async function restart(stack: FaultStack, hubs: Hub[], index: number): Promise<void> {
  const hub = hubs[index] as Hub;
  const { code, stderr } = await hub.process.stop();
  expect(code, stderr).toBe(0);
  hubs[index] = await stack.launchHub({}, hub.port);
  await isReady((hubs[index] as Hub).process);
}
