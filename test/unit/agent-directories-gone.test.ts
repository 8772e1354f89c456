/** Directories that come and go, as those of containers do: they leave room for others. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Discovery } from '../../agent/discovery/discovery.js';
import { agentConfig } from '../../agent/index.js';
import { temporaryDirectory } from '../support/temporary.js';

/** Directories that one rule reaches into. */
const DIRECTORIES_MAX = 10_000;
const AT_ONCE = 2_000;

test('more directories than a rule may reach into can come and go, and the next one is looked into', async () => {
  const base = await temporaryDirectory();
  const found: string[] = [];
  const announced = new Set<string>();
  const settings = agentConfig.parse({ tenant: 't', sources: [{ include: [join(base, '*/*/app.log')] }] });
  const nothing = () => {};
  const discovery = new Discovery(settings.sources, [], {
    onFile: ({ path }) => void found.push(path),
    onDirectory: (directory) => void announced.add(directory),
    onDirectoryGone: (directory) => void announced.delete(directory),
    ...{ onMissing: nothing, onRotatedAway: nothing, onCompressed: nothing },
    ...{ onUnreadable: nothing, onReadable: nothing, isKnown: () => false },
  });
  for (let made = 0; made <= DIRECTORIES_MAX; made += AT_ONCE) {
    const pods = Array.from({ length: AT_ONCE / 2 }, (_, index) => join(base, `pod-${made + index}`));
    for (const pod of pods) mkdirSync(join(pod, 'app'), { recursive: true });
    discovery.scan();
    for (const pod of pods) rmSync(pod, { recursive: true });
  }
  mkdirSync(join(base, 'new/app'), { recursive: true });
  writeFileSync(join(base, 'new/app/app.log'), 'line\n');
  discovery.scan();
  expect(found).toEqual([join(base, 'new/app/app.log')]);
  expect([...announced]).toEqual([base, join(base, 'new'), join(base, 'new/app')]);
});
