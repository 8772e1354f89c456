import { describe, expect, test } from 'vitest';
import { Lifecycle } from '../../shared/lifecycle.js';
import { type Logger, SILENT } from '../../shared/logger.js';

describe('a lifecycle', () => {
  test('stops in the opposite order of starting, each part once', async () => {
    const lifecycle = new Lifecycle(SILENT);
    const stopped: string[] = [];
    for (const name of ['store', 'hub', 'agent']) {
      await lifecycle.start(
        name,
        () => name,
        async (part) => void stopped.push(part),
      );
    }
    await lifecycle.stop();
    await lifecycle.stop();
    expect(stopped).toEqual(['agent', 'hub', 'store']);
  });

  test('stops what runs when a later part does not start', async () => {
    const lifecycle = new Lifecycle(SILENT);
    const stopped: string[] = [];
    await lifecycle.start(
      'store',
      () => 'store',
      async (part) => void stopped.push(part),
    );
    const failing = lifecycle.start(
      'hub',
      () => Promise.reject(new Error('in use')),
      async () => {},
    );
    await expect(failing).rejects.toThrow('in use');
    await lifecycle.stop();
    expect(stopped).toEqual(['store']);
  });

  test('reports a part that fails to stop, and stops the others', async () => {
    const errors: string[] = [];
    const logger: Logger = { ...SILENT, error: (message) => void errors.push(message) };
    const lifecycle = new Lifecycle(logger);
    let isStoreStopped = false;
    await lifecycle.start(
      'store',
      () => 1,
      async () => {
        isStoreStopped = true;
      },
    );
    await lifecycle.start(
      'hub',
      () => 2,
      () => Promise.reject(new Error('stuck')),
    );
    await lifecycle.stop();
    expect(isStoreStopped).toBe(true);
    expect(errors).toEqual(['the hub did not stop cleanly: stuck']);
  });
});
