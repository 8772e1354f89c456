import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { eventEnds } from '../../agent/events/event-ends.js';
import { type EventGrammar, LineGrammar } from '../../agent/events/event-grammar.js';
import { EVENT_PRESETS, type EventPreset, presetGrammar } from '../../agent/events/event-presets.js';
import { UTF_8 } from '../../agent/lines/text-encoding.js';
import { Pattern } from '../../shared/pattern.js';

/** What the runtimes printed, with `%%` between events. */
function traces(preset: EventPreset): string[] {
  const url = new URL(`../support/traces/${preset}.txt`, import.meta.url);
  return readFileSync(url, 'utf8').split(/^%%\n/m);
}

function grouped(grammar: EventGrammar, text: string): string[] {
  const bytes = Buffer.from(text);
  const rule = { grammar, linesMax: 500, bytesMax: 2 ** 18, waitMs: 1_000 };
  const ends = eventEnds(bytes, UTF_8, rule, true);
  return ends.map((end, index) => bytes.toString('utf8', ends[index - 1] ?? 0, end));
}

describe.each(EVENT_PRESETS)('preset %s', (preset) => {
  const events = traces(preset);

  test('puts every stack trace together and leaves the lines around them alone', () => {
    expect(events.length).toBeGreaterThan(8);
    expect(grouped(presetGrammar(preset), events.join(''))).toEqual(events);
  });

  test('finds the same events in any order', () => {
    const reversed = events.toReversed();
    expect(grouped(presetGrammar(preset), reversed.join(''))).toEqual(reversed);
  });

  test('control: joining indented lines alone does not', () => {
    const naive = new LineGrammar({ continues: Pattern.compile('^\\s') });
    expect(grouped(naive, events.join(''))).not.toEqual(events);
  });
});

test('an event of which the beginning was not read goes on as far as it can', () => {
  const rest = '\tat Shop.main(Shop.java:8)\nCaused by: java.io.IOException: b\n\tat Shop.pay(Shop.java:4)\n';
  expect(grouped(presetGrammar('java'), `${rest}INFO on\n`)).toEqual([rest, 'INFO on\n']);
});

test('a line that looks like the beginning of an exception does not swallow the lines behind it', () => {
  const lines = Array.from(
    { length: 40 },
    (_, index) => `java.io.IOException: ${index}\nword ${index}\n`,
  ).join('');
  expect(grouped(presetGrammar('java'), lines)).toHaveLength(80);
});
