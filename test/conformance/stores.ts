/**
 * The stores that the suite runs over, each behind the same handle: open it, open it with another retention,
 * save what it holds and put that back later, as a power cut or a failover does.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openEmbeddedStore } from '../../shared/store/embedded/index.js';
import type { LogReader, LogWriter, Retention } from '../../shared/store/log-store.js';
import { openRedisReader, openRedisWriter } from '../../shared/store/redis/index.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

export const KEEP_ALL: Retention = { bytes: Number.MAX_SAFE_INTEGER, ageMs: 365 * 86_400_000 };

export interface StoreUnderTest {
  readonly writer: LogWriter;
  readonly reader: LogReader;
  /** Another writer on the same store: a second agent where the store has room for one. */
  anotherWriter(): LogWriter;
  /** Goes on with another retention, on the same data. */
  reopen(retention: Retention): Promise<void>;
  /** Puts aside what is stored now. */
  save(): Promise<void>;
  /** The store goes back to what was saved. */
  rollBack(): Promise<void>;
}

export interface StoreKind {
  readonly name: string;
  /** Disposed with the test that calls it. */
  open(retention?: Retention): Promise<StoreUnderTest>;
}

export const STORES: readonly StoreKind[] = [
  { name: 'Redis', open: (retention = KEEP_ALL) => openRedis(retention) },
  { name: 'the embedded store', open: (retention = KEEP_ALL) => openEmbedded(retention) },
];

async function openRedis(retention: Retention): Promise<StoreUnderTest> {
  const server = await startRedis();
  onTestFinished(() => server[Symbol.asyncDispose]());
  const opened: { close(): Promise<void> }[] = [];
  onTestFinished(async () => void (await Promise.all(opened.map((half) => half.close()))));
  const track = <T extends { close(): Promise<void> }>(half: T): T => {
    opened.push(half);
    return half;
  };
  const { url } = server;
  const saved = join(server.directory, 'saved');
  const store = {
    writer: track(openRedisWriter({ url, retention })),
    reader: track(openRedisReader({ url })),
    anotherWriter: () => track(openRedisWriter({ url, retention })),
    async reopen(other: Retention) {
      store.writer = track(openRedisWriter({ url, retention: other }));
    },
    save: () => whileStopped(server, store, () => copyData(server, saved)),
    rollBack: () => whileStopped(server, store, () => restoreData(server, saved)),
  };
  return store;
}

/** Resolves when both halves are connected again. */
async function whileStopped(
  server: RedisServer,
  { writer, reader }: Pick<StoreUnderTest, 'writer' | 'reader'>,
  act: () => Promise<void>,
): Promise<void> {
  await server.stop();
  await act();
  await server.start();
  const halves = { reader: () => reader.ping(), writer: () => writer.sourcesOf('nobody', 'nowhere') };
  for (const [name, look] of Object.entries(halves)) {
    const serves = () =>
      look().then(
        () => true,
        () => false,
      );
    await waitFor(`the ${name} to be connected again`, serves);
  }
}

function copyData({ directory }: RedisServer, to: string): Promise<void> {
  return cp(join(directory, 'appendonlydir'), to, { recursive: true });
}

async function restoreData({ directory }: RedisServer, from: string): Promise<void> {
  const data = join(directory, 'appendonlydir');
  await rm(data, { recursive: true });
  await cp(from, data, { recursive: true });
}

async function openEmbedded(retention: Retention): Promise<StoreUnderTest> {
  const root = await mkdtemp(join(tmpdir(), 'tailrace-embedded-'));
  const [directory, saved] = [join(root, 'data'), join(root, 'saved')];
  let current = retention;
  let store = await openEmbeddedStore({ directory, retention });
  onTestFinished(async () => {
    await store.close();
    await rm(root, { recursive: true, force: true });
  });
  const whileClosed = async (act: () => Promise<void>) => {
    await store.close();
    await act();
    store = await openEmbeddedStore({ directory, retention: current });
  };
  return {
    get writer() {
      return store.writer;
    },
    get reader() {
      return store.reader;
    },
    anotherWriter: () => store.writer,
    reopen: (other) =>
      whileClosed(async () => {
        current = other;
      }),
    save: () => whileClosed(() => cp(directory, saved, { recursive: true })),
    rollBack: () =>
      whileClosed(async () => {
        await rm(directory, { recursive: true });
        await cp(saved, directory, { recursive: true });
      }),
  };
}
