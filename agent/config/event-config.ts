/** `multiline` in the configuration: how lines are put together to events, by a preset or by rules. */
import { z } from 'zod';
import { byteSize, duration } from '../../shared/config.js';
import { BATCH_RAW_BYTES_MAX } from '../../shared/protocol/limits.js';
import { LineGrammar } from '../events/event-grammar.js';
import type { EventRule } from '../events/event-grouper.js';
import { EVENT_PRESETS, presetGrammar } from '../events/event-presets.js';
import { patternText } from './pattern-config.js';

const LINES_DEFAULT = 500;
const LINES_MAX = 10_000;
const WAIT_MAX_MS = 60_000;

const preset = z.enum(EVENT_PRESETS);

const eventRules = z
  .strictObject({
    preset: preset.optional().describe('Stack traces of a language, in place of start, continue and end.'),
    start: patternText.optional().describe('RE2: a line that matches begins an event.'),
    continue: patternText.optional().describe('RE2: a line that matches belongs to the event before it.'),
    end: patternText.optional().describe('RE2: a line that matches is the last of its event.'),
    max_lines: z
      .int()
      .min(2)
      .max(LINES_MAX)
      .default(LINES_DEFAULT)
      .describe('Lines of one event; what follows is another event.'),
    max_bytes: byteSize
      .refine((bytes) => bytes <= BATCH_RAW_BYTES_MAX, `must be at most ${BATCH_RAW_BYTES_MAX} bytes`)
      .optional()
      .describe('Bytes of one event; what follows is another event. Default: 256KiB or `max_line_bytes`.'),
    max_wait: duration
      .refine((ms) => ms <= WAIT_MAX_MS, 'must be at most 1m')
      .prefault('1s')
      .describe('An event that could go on is over when its file has not grown for so long.'),
  })
  .refine(
    ({ preset: name, start, continue: continues, end }) =>
      (name === undefined) !== ((start ?? continues ?? end) === undefined),
    'must have a preset, or at least one of start, continue and end',
  );

/** Gives a rule once it is known how long a line of the source may be. */
export const multiline = z
  .union([preset.transform((name) => eventRules.parse({ preset: name })), eventRules], {
    error: `must be ${EVENT_PRESETS.join(', ')}, or an object with start, continue or end`,
  })
  .optional()
  .describe('How lines are put together to events: the name of a preset, or rules.');

export function eventRule(
  { preset: name, start, continue: continues, end, ...bounds }: z.output<typeof eventRules>,
  lineBytesMax: number,
): EventRule {
  const rules = { ...(start && { start }), ...(continues && { continues }), ...(end && { end }) };
  return {
    grammar: name === undefined ? new LineGrammar(rules) : presetGrammar(name),
    linesMax: bounds.max_lines,
    bytesMax: Math.min(bounds.max_bytes ?? BATCH_RAW_BYTES_MAX, lineBytesMax),
    waitMs: bounds.max_wait,
  };
}
