import { appendFile, rename, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { readerAt, redisServer, writerAt } from '../integration/store-redis.js';
import { AgentStand, asText, HOST, TENANT } from '../support/agent-stand.js';
import { announcedRandom } from '../support/fault-random.js';
import { startTailrace } from '../support/tailrace-process.js';
import { temporaryDirectory } from '../support/temporary.js';

const KILLS = Math.ceil(Number(process.env['FAULT_ROUNDS'] ?? 100) / 20);
const FRAMES = ['\tat A.b(A.java:1)', '\tat A.c(A.java:2)', '\tat A.d(A.java:3)'];
const EVENTS_PER_KILL = 20;
const ROUND_MS_MAX = 10_000;

test(
  `${KILLS} kills in the middle of events and rotations divide no event, lose none and repeat none`,
  async () => {
    const random = announcedRandom('kills in events');
    const { url } = await redisServer();
    const directory = await temporaryDirectory();
    const stand = new AgentStand(directory, { writer: writerAt(url), reader: readerAt(url) });
    const config = `${directory}/agent.yaml`;
    const source = { include: [stand.path('app.log')], multiline: { preset: 'java', max_wait: '1m' } };
    const redis = { url };
    await writeFile(config, JSON.stringify({ tenant: TENANT, host: HOST, redis, sources: [source] }));
    const written: string[] = [];
    let files = 0;
    let linesSince = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      await using agent = startTailrace(['agent', '--config', config]);
      const killAt = random.between(1, EVENTS_PER_KILL - 1);
      for (let count = 0; count < EVENTS_PER_KILL; count++) {
        const frames = FRAMES.slice(0, random.between(0, FRAMES.length));
        const event = [`java.lang.Error: ${written.length}`, ...frames];
        for (const line of event) {
          await appendFile(stand.path('app.log'), `${line}\n`);
          // No event lies in three files, and some agent has read the path before it is rotated.
          if (kill === 0 || ++linesSince <= FRAMES.length + 1 || random.next() > 0.1) continue;
          for (let index = files++; index > 0; index--)
            await rename(stand.path(`app.log.${index}`), stand.path(`app.log.${index + 1}`));
          await rename(stand.path('app.log'), stand.path('app.log.1'));
          linesSince = 0;
        }
        written.push(event.join('\n'));
        // Killed while it is somewhere in what was written since; the writer goes on without it.
        if (count === killAt) {
          await stand.linesOnce(Math.max(1, written.length - random.between(1, EVENTS_PER_KILL)));
          agent.signal('SIGKILL');
        }
      }
    }
    await appendFile(stand.path('app.log'), asText(['INFO last', 'INFO open']));
    await using _agent = startTailrace(['agent', '--config', config]);
    expect(await stand.linesOnce(written.length + 1)).toEqual([...written, 'INFO last']);
  },
  60_000 + KILLS * ROUND_MS_MAX,
);
