/** The worked exchanges of PROTOCOL.md: messages that parse, and deliver without a hole. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { admitGap, admitLines, type Place, placeOf } from '../../client/place.js';
import {
  type ClientMessage,
  clientMessage,
  type HubMessage,
  hubMessage,
  parseCursor,
} from '../../shared/protocol/index.js';

const DOCUMENT = readFileSync(new URL('../../PROTOCOL.md', import.meta.url), 'utf8');
const EXCHANGES = DOCUMENT.slice(DOCUMENT.indexOf('\n## Exchanges\n')).split(/^### /m).slice(1);

interface Example {
  readonly from: string;
  readonly json: string;
}

describe.each(EXCHANGES.map((text) => [text.split('\n', 1)[0] ?? '', text] as const))(
  '%s',
  (_title, text) => {
    const examples = examplesOf(text);

    test('has messages that parse, each from the side that sends it', () => {
      for (const { from, json } of examples) {
        const schema = from === 'client' ? clientMessage : hubMessage;
        expect(schema.safeParse(JSON.parse(json)).error, json).toBeUndefined();
      }
    });

    test('has only fields that are defined', () => {
      for (const { from, json } of examples.filter((example) => example.from === 'hub')) {
        expect(hubMessage.parse(JSON.parse(json)), from).toEqual(JSON.parse(json));
      }
    });

    test('has cursors that hubs issue', () => {
      for (const [, cursor = ''] of text.matchAll(/"(1\.[^"]*)"/g)) expect(parseCursor(cursor)).toBeDefined();
    });

    test('delivers without a hole', () => {
      const places = new Map<string, Place>();
      for (const { from, json } of examples) {
        if (from === 'hub') expect(follow(places, JSON.parse(json) as HubMessage), json).toBeUndefined();
      }
    });

    test('has steps that are numbered from 1', () => {
      const numbers = [...text.matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number));
      expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    });
  },
);

test('every message of the wire but the trivial ones occurs in an exchange', () => {
  const shown = new Set(
    EXCHANGES.flatMap(examplesOf).map(({ json }) => (JSON.parse(json) as ClientMessage | HubMessage).type),
  );
  const types = [...clientMessage.options, ...hubMessage.options].map((option) => option.shape.type.value);
  const trivial = ['ping', 'pong', 'unsubscribe', 'error'];
  expect(types.filter((type) => !shown.has(type) && !trivial.includes(type))).toEqual([]);
});

/** Returns what does not follow on what came before. */
function follow(places: Map<string, Place>, message: HubMessage): string | undefined {
  if (message.type === 'subscribed' && message.cursor !== undefined) {
    places.set(message.channel, placeOf(message.cursor));
  }
  if (message.type !== 'lines' && message.type !== 'gap') return undefined;
  const place = places.get(message.channel);
  if (place === undefined) return 'not subscribed';
  const next = message.type === 'lines' ? admitLines(place, message) : admitGap(place, message);
  if ('fault' in next) return next.fault;
  places.set(message.channel, next);
  return parseCursor(next.cursor)?.seq === next.nextSeq ? undefined : 'the cursor has another number';
}

function examplesOf(text: string): Example[] {
  const steps = text.matchAll(/^\d+\. \*\*(client|hub)\*\*[^`]*```json\n([^`]*)```/gm);
  return [...steps].map(([, from = '', json = '']) => ({ from, json }));
}
