import { describe, expect, test } from 'vitest';
import { DESCRIPTION, newChannel, newTenant, Source } from './lines.js';
import { KEEP_ALL, STORES } from './stores.js';

describe.each(STORES)('opening sources in $name', ({ open }) => {
  test('a new source has the initial position, a known one the position that it reached', async () => {
    const { writer } = await open();
    const id = newChannel();
    const initial = { offset: 4096, mark: 'head=ä b|c' };
    expect(await writer.openSource(id, 's', DESCRIPTION, initial)).toEqual(initial);
    expect(await writer.openSource(id, 's', DESCRIPTION, { offset: 0, mark: 'other' })).toEqual(initial);
    const source = new Source(id, 's');
    source.offset = 4096;
    await source.append(writer, 'x');
    expect(await writer.openSource(id, 's', DESCRIPTION, initial)).toEqual({
      offset: source.offset,
      mark: 'mark',
    });
  });

  test('a mark of 200 bytes with spaces and line ends comes back as it was', async () => {
    const { writer } = await open();
    const id = newChannel();
    const mark = ' 1 2\n'.padEnd(200, 'x ');
    await writer.openSource(id, 's', DESCRIPTION, { offset: 0, mark });
    expect(await writer.openSource(id, 's', DESCRIPTION, { offset: 7, mark: '' })).toEqual({
      offset: 0,
      mark,
    });
  });

  test('opening makes the channel known, and channels are listed sorted', async () => {
    const { writer, reader } = await open();
    const tenant = newTenant();
    for (const channel of ['web/b', 'api', 'web/a']) await new Source({ tenant, channel }).open(writer);
    await new Source({ tenant, channel: 'api' }, 'again').open(writer);
    await new Source({ tenant: `${tenant}-x`, channel: 'foreign' }).open(writer);
    expect(await reader.channels(tenant)).toEqual(['api', 'web/a', 'web/b']);
  });

  test('the sources of a host are found in all channels of the tenant, and only they', async () => {
    const { writer } = await open();
    const tenant = newTenant();
    const [web, api] = [
      { tenant, channel: 'web' },
      { tenant, channel: 'api' },
    ];
    const elsewhere = { ...DESCRIPTION, host: 'web-2' };
    const one = await new Source(web, 'one').open(writer);
    await new Source(web, 'two').open(writer, elsewhere);
    await new Source(api, 'three').open(writer);
    await new Source(newChannel('web'), 'foreign').open(writer);
    await one.append(writer, 'x');
    const records = await writer.sourcesOf(tenant, DESCRIPTION.host);
    expect(records).toHaveLength(2);
    expect(records).toEqual(
      expect.arrayContaining([
        {
          channel: 'web',
          source: 'one',
          description: DESCRIPTION,
          position: { offset: one.offset, mark: 'mark' },
        },
        { channel: 'api', source: 'three', description: DESCRIPTION, position: { offset: 0, mark: 'head' } },
      ]),
    );
    expect(await writer.sourcesOf(tenant, 'nowhere')).toEqual([]);
    expect(await writer.sourcesOf(newTenant(), DESCRIPTION.host)).toEqual([]);
  });
});

describe.each(STORES)('retiring sources in $name', ({ open }) => {
  test('forgets those without a retained batch and keeps the others', async () => {
    const { writer } = await open({ ...KEEP_ALL, bytes: 30 });
    const id = newChannel();
    const gone = await new Source(id, 'gone').open(writer);
    const kept = await new Source(id, 'kept').open(writer);
    await new Source(id, 'never written').open(writer);
    await gone.append(writer, 'evicted by the next one');
    await kept.append(writer, 'this one stays in the store');
    await writer.retireSources(id, ['gone', 'kept', 'never written', 'never opened']);
    const left = await writer.sourcesOf(id.tenant, DESCRIPTION.host);
    expect(left.map(({ source }) => source)).toEqual(['kept']);
    expect(await writer.append(id, gone.batch('again'), 'm')).toEqual({ kind: 'unknown_source' });
    await kept.append(writer, 'goes on');
  });

  test('a source with a batch still retained keeps description and position', async () => {
    const { writer, reader } = await open();
    const id = newChannel();
    const source = await new Source(id).open(writer);
    const { epoch } = await source.append(writer, 'x');
    await writer.retireSources(id, [source.name]);
    await writer.retireSources(id, []);
    const page = await reader.read(id, { epoch, entry: '0-0', seq: 1 }, 1000);
    expect(page.sources.get(source.name)).toEqual(DESCRIPTION);
    await source.append(writer, 'y');
  });
});
