/**
 * One entry of `sources`: which files are meant and how they are treated. The schema of what users write, and
 * the rule that the agent goes by.
 */
import { basename, isAbsolute, resolve } from 'node:path';
import { z } from 'zod';
import { byteSize, duration } from '../../shared/config.js';
import { LINE_BYTES_MAX } from '../../shared/protocol/limits.js';
import type { LineFormat } from '../lines/line-format.js';
import { encodingOf, type TextEncoding } from '../lines/text-encoding.js';
import { Redaction, type RedactRule } from '../redaction/redaction.js';
import { DEFAULT_CHANNEL_TEMPLATE, templateProblem } from './channel-template.js';
import { type CommandRule, exec } from './command-rule.js';
import { eventRule, multiline } from './event-config.js';
import { redact } from './redact-config.js';

/** Stands for standard input in `include`. */
export const STANDARD_INPUT = '-';

const LABELS_MAX = 16;
const LABEL_NAME = 'must have a name of A-Z a-z 0-9 . _ - that begins with a letter or _, at most 64';

/** Files that are treated alike. */
export interface SourceRule {
  /** Absolute paths, directories and globs, or `-`; empty where a command is the source. */
  readonly include: readonly string[];
  /** Globs; one without `/` is held against the name of a file alone. */
  readonly exclude: readonly string[];
  /** See channel-template.ts for the placeholders. */
  readonly channel: string;
  /** Where to begin in a file that was there before the agent first saw its directory. */
  readonly readFrom: 'start' | 'end';
  /** A file that was last written to longer ago, and that no agent has read, is not begun until it changes. */
  readonly ignoreOlderMs?: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly format: LineFormat;
  readonly exec?: CommandRule;
}

/** Of a line, for a source and for all sources that do not say. */
export const lineBytes = byteSize.refine(
  (bytes) => bytes <= LINE_BYTES_MAX,
  `must be at most ${LINE_BYTES_MAX} bytes`,
);

const label = z.string().max(256);

export const sourceConfig = z
  .strictObject({
    include: z
      .array(z.string().min(1))
      .min(1, 'must name at least one file, directory or glob')
      .optional()
      .describe('Files, directories (every file directly inside that is not hidden), globs, or `-`.'),
    exclude: z
      .array(z.string().min(1))
      .optional()
      .describe('Globs; one without `/` is held against the name of a file alone.'),
    channel: z
      .string()
      .default(DEFAULT_CHANNEL_TEMPLATE)
      .superRefine(checkTemplate)
      .describe(
        '{basename} {name} {dir} {parent} {host} and fixed text; what no channel may hold becomes _.',
      ),
    read_from: z
      .enum(['start', 'end'])
      .optional()
      .meta({ default: 'start' })
      .describe('Of a file that no agent has read before: all of it, or what comes from now on.'),
    ignore_older: duration
      .optional()
      .describe('A file last written to longer ago, that no agent has read, is not begun until it changes.'),
    labels: z
      .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/, LABEL_NAME), label)
      .refine((labels) => Object.keys(labels).length <= LABELS_MAX, `must be at most ${LABELS_MAX} labels`)
      .default({})
      .describe('Travel with every batch of these files, such as `service: checkout`.'),
    encoding: z
      .string()
      .default('utf-8')
      .transform(knownEncoding)
      .describe(
        'Any label of the Encoding Standard; a byte order mark at the start of a file decides over it.',
      ),
    max_line_bytes: lineBytes
      .optional()
      .describe('A longer line loses its end and is flagged; default: `max_line_bytes` of the whole file.'),
    multiline,
    redact,
    exec,
  })
  .refine(({ include, exec }) => (include === undefined) !== (exec === undefined), {
    error: 'must have either `include` or `exec`',
    path: ['include'],
  })
  .superRefine(checkCommand)
  .transform((written) => {
    const {
      include = [],
      exclude = [],
      channel,
      read_from = 'start',
      ignore_older,
      labels,
      exec,
      ...format
    } = written;
    return {
      ...{ include: include.map(absolute), exclude, channel, readFrom: read_from, labels },
      ...(exec !== undefined && { exec }),
      ...(ignore_older !== undefined && { ignoreOlderMs: ignore_older }),
      format,
    };
  });

/** What holds for all sources: the length of a line where a source does not say, and rules beside its own. */
export interface SourceDefaults {
  readonly lineBytesMax: number;
  readonly redact: readonly RedactRule[];
}

export function sourceRule(
  { format, ...rule }: z.infer<typeof sourceConfig>,
  defaults: SourceDefaults,
): SourceRule {
  const lineBytesMax = format.max_line_bytes ?? defaults.lineBytesMax;
  const rules = [...defaults.redact, ...format.redact];
  return {
    ...rule,
    format: {
      ...{ encoding: format.encoding, lineBytesMax },
      ...(format.multiline && { events: eventRule(format.multiline, lineBytesMax) }),
      ...(rules.length > 0 && { redaction: new Redaction(rules) }),
    },
  };
}

/** What stands in the place of a file's name where there is none: of a command, or of standard input. */
export function pipeName({ exec }: SourceRule): string {
  return exec === undefined ? 'stdin' : basename(exec.command[0] ?? '');
}

/** Two readers of one pipe would each get a part of it. */
export function checkStandardInput(
  sources: readonly { readonly include?: readonly string[] }[],
  context: z.core.$RefinementCtx,
): void {
  const readers = sources.flatMap(({ include }, index) => (include?.includes(STANDARD_INPUT) ? [index] : []));
  for (const index of readers.slice(1)) {
    const message = `has - (standard input), and one source alone can read it: sources.${readers[0]} does`;
    context.addIssue({ code: 'custom', path: [index, 'include'], message });
  }
}

const OF_FILES = ['exclude', 'read_from', 'ignore_older'] as const;

/** What would be without effect beside `exec` is a mistake. */
function checkCommand(source: WrittenSource, context: z.core.$RefinementCtx): void {
  if (source.exec === undefined) return;
  for (const key of OF_FILES.filter((key) => source[key] !== undefined)) {
    context.addIssue({ code: 'custom', path: [key], message: 'is for files, and `exec` reads none' });
  }
  if (source.labels['stream'] === undefined) return;
  const message = 'is set by the agent to stdout or stderr for a command: give the label another name';
  context.addIssue({ code: 'custom', path: ['labels', 'stream'], message });
}

interface WrittenSource extends Partial<Readonly<Record<(typeof OF_FILES)[number], unknown>>> {
  readonly exec?: CommandRule | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

function checkTemplate(template: string, context: z.core.$RefinementCtx<string>): void {
  const problem = templateProblem(template);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
}

function knownEncoding(label: string, context: z.core.$RefinementCtx<string>): TextEncoding {
  const encoding = encodingOf(label);
  if (encoding !== undefined) return encoding;
  context.addIssue({
    code: 'custom',
    message: 'must be an encoding such as utf-16le, windows-1252 or gb18030',
  });
  return z.NEVER;
}

function absolute(include: string): string {
  return include === STANDARD_INPUT || isAbsolute(include) ? include : keepSlash(include, resolve(include));
}

/** A trailing slash says that a directory is meant, also before it exists. */
function keepSlash(original: string, resolved: string): string {
  return original.endsWith('/') ? `${resolved}/` : resolved;
}
