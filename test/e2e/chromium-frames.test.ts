import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BEARER_SUBPROTOCOL_PREFIX, SUBPROTOCOL } from '../../shared/protocol/index.js';
import { openLoopbackPage } from '../support/fault-page.js';
import { requirePrograms } from '../support/fault-programs.js';
import { WatchingProxy } from '../support/fault-proxy.js';
import { startStack } from '../support/fault-stack.js';
import { NumberedWriter, numberedLines } from '../support/numbered-writer.js';

const LINES = 50_000;
/** What deflate must make of these lines at the least, framing included. */
const RATIO_MIN = 3;

/** In the browser; it sees nothing of this module. */
function readLines({ url, protocols, count }: { url: string; protocols: string[]; count: number }) {
  return new Promise<{ lines: string[]; protocol: string; extensions: string }>((resolve, reject) => {
    const lines: string[] = [];
    const socket = new WebSocket(url, protocols);
    socket.onopen = () => socket.send('{"type":"subscribe","channel":"app","from":"start"}');
    socket.onclose = ({ code }) => reject(new Error(`closed with ${code} after ${lines.length} lines`));
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === 'error' || message.type === 'gap') reject(new Error(data));
      if (message.type === 'lines') lines.push(...message.lines);
      if (lines.length < count) return;
      const { protocol, extensions } = socket;
      resolve({ lines, protocol, extensions });
      socket.close();
    };
  });
}

test("Chromium's own WebSocket reads the frames that the hub splices from compressed batches", async (context) => {
  const { chromium } = requirePrograms(context, ['chromium']);
  await using stack = await startStack();
  await using loopback = await openLoopbackPage(chromium);
  const file = join(stack.directory, 'app.log');
  using writer = new NumberedWriter({ file, keep: 1 });
  await stack.startAgent({ tenant: 'acme', sources: [{ include: [file], channel: 'app' }] });
  const hub = await stack.startHub({ allowed_origins: [loopback.origin] });
  await using proxy = new WatchingProxy(hub.port);
  const port = await proxy.listen();
  const token = Buffer.from(await stack.token('acme', 'app')).toString('base64url');

  writer.write(LINES);
  const received = await loopback.page.evaluate(readLines, {
    url: `ws://127.0.0.1:${port}/v1/ws`,
    protocols: [SUBPROTOCOL, `${BEARER_SUBPROTOCOL_PREFIX}${token}`],
    count: LINES,
  });
  const expected = numberedLines(LINES);
  expect(received.lines).toEqual(expected);
  expect(received).toMatchObject({ protocol: SUBPROTOCOL });
  expect(received.extensions).toContain('permessage-deflate');
  expect(proxy.frames.compressed).toBeGreaterThan(0);
  expect(proxy.frames.bytes * RATIO_MIN).toBeLessThan(Buffer.byteLength(expected.join('\n')));
}, 120_000);
