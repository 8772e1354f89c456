import { describe, expect, test } from 'vitest';
import type { ChannelId } from '../../shared/protocol/channel.js';
import type { DoorbellListener, LogReader } from '../../shared/store/log-store.js';
import { waitFor } from '../support/wait.js';
import { newChannel, newTenant, Source } from './lines.js';
import { STORES } from './stores.js';

class Bells implements DoorbellListener {
  readonly channels: ChannelId[] = [];
  readonly tenants: string[] = [];
  lost = 0;

  constructor(reader: LogReader) {
    reader.listen(this);
  }

  onChannel(id: ChannelId): void {
    this.channels.push(id);
  }

  onTenant(tenant: string): void {
    this.tenants.push(tenant);
  }

  onLost(): void {
    this.lost += 1;
  }
}

describe.each(STORES)('doorbells of $name', ({ open }) => {
  test('ring for every append to a watched channel once watching is established', async () => {
    const { writer, reader } = await open();
    const bells = new Bells(reader);
    const id = newChannel();
    const source = await new Source(id).open(writer);
    await reader.watchChannel(id);
    for (let count = 1; count <= 3; count++) {
      await source.append(writer, 'x');
      await waitFor(`ring ${count}`, () => bells.channels.length === count);
    }
    expect(bells.channels[0]).toEqual(id);
  });

  test('do not ring for a conflict, another channel or another tenant', async () => {
    const { writer, reader } = await open();
    const bells = new Bells(reader);
    const id = newChannel('watched');
    const watched = await new Source(id).open(writer);
    const neighbour = await new Source({ ...id, channel: 'other' }).open(writer);
    const foreign = await new Source({ ...id, tenant: newTenant() }).open(writer);
    await reader.watchChannel(id);
    await neighbour.append(writer, 'x');
    await foreign.append(writer, 'x');
    await writer.append(id, { ...watched.batch('x'), from: 5, to: 9 }, 'm');
    await watched.append(writer, 'the only one that rings');
    await waitFor('the ring', () => bells.channels.length > 0);
    expect(bells.channels).toEqual([id]);
    expect(bells.tenants).toEqual([]);
  });

  test('watching twice rings once, and ends with one unwatch', async () => {
    const { writer, reader } = await open();
    const bells = new Bells(reader);
    const id = newChannel();
    const probe = { ...id, channel: 'probe' };
    const source = await new Source(id).open(writer);
    const probing = await new Source(probe).open(writer);
    await Promise.all([reader.watchChannel(id), reader.watchChannel(id), reader.watchChannel(probe)]);
    await source.append(writer, 'x');
    await probing.append(writer, 'x');
    await waitFor('both rings', () => bells.channels.length >= 2);
    expect(bells.channels).toEqual([id, probe]);
    await reader.unwatchChannel(id);
    await reader.unwatchChannel(id);
    await source.append(writer, 'x');
    await probing.append(writer, 'x');
    await waitFor('the ring of the probe', () => bells.channels.length >= 3);
    expect(bells.channels).toEqual([id, probe, probe]);
    await reader.watchChannel(id);
    await source.append(writer, 'x');
    await waitFor('the channel watched again', () => bells.channels.length >= 4);
  });

  test('a watched tenant rings for a new channel and not for a known one', async () => {
    const { writer, reader } = await open();
    const bells = new Bells(reader);
    const tenant = newTenant();
    await new Source({ tenant, channel: 'known' }).open(writer);
    await reader.watchTenant(tenant);
    await new Source({ tenant, channel: 'known' }, 'second source').open(writer);
    await new Source(newChannel()).open(writer);
    await new Source({ tenant, channel: 'new' }).open(writer);
    await waitFor('the ring', () => bells.tenants.length > 0);
    expect(bells.tenants).toEqual([tenant]);
    await reader.unwatchTenant(tenant);
  });
});
