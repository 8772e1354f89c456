import { describe, expect, test } from 'vitest';
import { LineGrammar, type LineRules } from '../../agent/events/event-grammar.js';
import { type EventRule, UNDECIDED_LINES_MAX } from '../../agent/events/event-grouper.js';
import { presetGrammar } from '../../agent/events/event-presets.js';
import { encodeEvents } from '../../agent/lines/event-encoder.js';
import { BEFORE_BYTES_MAX } from '../../agent/lines/footing.js';
import type { LineFormat } from '../../agent/lines/line-format.js';
import { Tail } from '../../agent/lines/tail.js';
import { UTF_8 } from '../../agent/lines/text-encoding.js';
import { PipeBuffer } from '../../agent/pipes/pipe-buffer.js';
import { Pattern } from '../../shared/pattern.js';
import { announcedRandom } from '../support/fault-random.js';

const START = Pattern.compile('^S');
const CONTINUE = Pattern.compile('^C');
const END = Pattern.compile('^E');
/** No event of the random texts is longer. */
const READ_BYTES = 1_200;

function formatOf(rules: LineRules, bounds: Partial<EventRule> = {}): LineFormat {
  const events = { grammar: new LineGrammar(rules), linesMax: 500, bytesMax: 256, waitMs: 1, ...bounds };
  return { encoding: UTF_8, lineBytesMax: 256, events };
}

/** Reads what there is, and after that the rest of a source that has ended. */
class Reader {
  readonly events: string[] = [];
  readonly #format: LineFormat;
  readonly #pipe = new PipeBuffer();
  #tail: Tail;

  constructor(format: LineFormat) {
    this.#format = format;
    this.#tail = Tail.ofPipe(this.#pipe, format, 0);
  }

  append(bytes: Buffer | string): void {
    this.#pipe.append(Buffer.from(bytes));
  }

  restart(): void {
    this.#tail = Tail.ofPipe(this.#pipe, this.#format, this.#tail.offset);
  }

  async read(outlook: 'grows' | 'rests' | 'ended'): Promise<void> {
    const buffer = Buffer.alloc(BEFORE_BYTES_MAX + READ_BYTES);
    for (;;) {
      const found = await this.#tail.read(this.#pipe.end, buffer, { outlook });
      if (found.kind !== 'lines') break;
      this.events.push(...(JSON.parse(`${encodeEvents(found, this.#format).json}`) as string[]));
    }
    const rest = outlook === 'ended' ? await this.#tail.readRest() : undefined;
    if (rest?.kind === 'lines')
      this.events.push(...(JSON.parse(`${encodeEvents(rest, this.#format).json}`) as string[]));
  }
}

async function eventsOf(lines: readonly string[], format: LineFormat): Promise<string[]> {
  const reader = new Reader(format);
  reader.append(lines.map((line) => `${line}\n`).join(''));
  await reader.read('ended');
  return reader.events;
}

/** The rules said as regular expressions over one letter for each line: `x` is a line that no rule claims. */
const COMBINATIONS: readonly (readonly [name: string, rules: LineRules, events: RegExp])[] = [
  ['start', { start: START }, /.[^S]*/g],
  ['continue', { continues: CONTINUE }, /.C*/g],
  ['end', { end: END }, /[^E]*E|[^E]+/g],
  ['start and continue', { start: START, continues: CONTINUE }, /.C*/g],
  ['start and end', { start: START, end: END }, /S[^SE]*E?|./g],
  ['continue and end', { continues: CONTINUE, end: END }, /E|.C*E?/g],
  ['all three', { start: START, continues: CONTINUE, end: END }, /E|.C*E?/g],
];

describe.each(COMBINATIONS)('%s', (name, rules, expected) => {
  test('puts lines together, however the bytes arrive and wherever reading begins anew', async () => {
    const random = announcedRandom(`events by ${name}`);
    for (let round = 0; round < 20; round++) {
      const letters = Array.from({ length: 300 }, () => random.pick([...'SCExx'])).join('');
      const lines = [...letters].map(
        (letter, index) => `${letter}${'ä'.repeat(random.between(0, 5))}${index}`,
      );
      const reader = new Reader(formatOf(rules, { bytesMax: READ_BYTES }));
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      for (let at = 0; at < bytes.length; ) {
        const next = at + random.between(1, random.pick([10, 50, 3_000]));
        reader.append(bytes.subarray(at, next));
        at = next;
        if (random.next() < 0.7) await reader.read('grows');
        if (random.next() < 0.3) reader.restart();
      }
      await reader.read('ended');
      expect(reader.events, letters).toEqual(joined(lines, letters.match(expected) ?? []));
    }
  });
});

function joined(lines: readonly string[], events: readonly string[]): string[] {
  let line = 0;
  return events.map(({ length }) => {
    line += length;
    return lines.slice(line - length, line).join('\n');
  });
}

test('control: a reader that decides each line by itself, without what came before it, does not', async () => {
  const lines = ['S1', 'C2', 'C3', 'x4', 'S5'];
  const reader = new Reader(formatOf({ continues: CONTINUE }));
  for (const line of lines) {
    reader.append(`${line}\n`);
    await reader.read('rests');
  }
  expect(reader.events).toEqual(lines);
  expect(await eventsOf(lines, formatOf({ continues: CONTINUE }))).toEqual(['S1\nC2\nC3', 'x4', 'S5']);
});

test('a line that is the last of its event is not waited behind', async () => {
  const reader = new Reader(formatOf({ start: START, end: END }));
  reader.append('S1\nx\nE\nS2\nx\n');
  await reader.read('grows');
  expect(reader.events).toEqual(['S1\nx\nE']);
});

test('an event of more lines or bytes than the bound goes on as another one, and no line is lost', async () => {
  const lines = ['S', 'C1', 'C2', 'C3', 'C4', 'x'];
  expect(await eventsOf(lines, formatOf({ start: START }, { linesMax: 3 }))).toEqual([
    'S\nC1\nC2',
    'C3\nC4\nx',
  ]);
  expect(await eventsOf(lines, formatOf({ start: START }, { bytesMax: 8 }))).toEqual([
    'S\nC1\nC2',
    'C3\nC4\nx',
  ]);
});

test('an event that fills a whole read ends there', async () => {
  const lines = Array.from({ length: 300 }, (_, index) => `x${String(index).padStart(8, '0')}`);
  const events = await eventsOf(lines, formatOf({ start: START }, { bytesMax: 2 ** 18 }));
  expect(events.join('\n')).toBe(lines.join('\n'));
  expect(events.every((event) => event.length <= READ_BYTES)).toBe(true);
});

test('a line over the limit is an event of its own, and the one before it is whole', async () => {
  const long = 'C'.repeat(1_000);
  const events = await eventsOf(['S1', 'C', long, 'C2', 'S3'], formatOf({ continues: CONTINUE }));
  expect(events).toEqual(['S1\nC', 'C'.repeat(256), 'C2', 'S3']);
});

test('a last line without its end belongs to its event too', async () => {
  const reader = new Reader(formatOf({ continues: CONTINUE }));
  reader.append('S1\nC2\nC3');
  await reader.read('grows');
  expect(reader.events).toEqual([]);
  await reader.read('ended');
  expect(reader.events).toEqual(['S1\nC2\nC3']);
});

test('carriage returns before newlines go inside an event too', async () => {
  const reader = new Reader(formatOf({ continues: CONTINUE }));
  reader.append('S1\r\nC2\r\nx\r\n');
  await reader.read('ended');
  expect(reader.events).toEqual(['S1\nC2', 'x']);
});

test('lines that could belong to an event are given up after so many, and grouped anew', async () => {
  const message = (count: number) => Array.from({ length: count }, (_, index) => `word ${index}`);
  const format = {
    ...formatOf({}),
    events: { ...(formatOf({}).events as EventRule), grammar: presetGrammar('java') },
  };
  const kept = ['java.lang.Error: a', ...message(UNDECIDED_LINES_MAX), '\tat A.b(A.java:1)'];
  const given = ['java.lang.Error: a', ...message(UNDECIDED_LINES_MAX + 1)];
  expect(await eventsOf(kept, format)).toEqual([kept.join('\n')]);
  expect(await eventsOf(given, format)).toEqual(given);
});
