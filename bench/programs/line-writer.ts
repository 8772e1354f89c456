/**
 * Appends lines to files in turn at a steady rate, each with a write(2) of its own, each beginning with the machine's
 * monotonic clock in nanoseconds. What the clock says is due is written, so a late timer is made up for.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { corpusBlock } from '../harness/corpus.js';
import { heard, say, settings } from '../harness/inside.js';

export interface LineWriterSettings {
  readonly files: readonly string[];
  /** In all files together, as the rate. */
  readonly lines: number;
  readonly linesPerSecond: number;
}

const EVERY_MS = 1;

const { files, lines, linesPerSecond } = settings<LineWriterSettings>();
const texts = corpusBlock('access', 5_000);
const descriptors = files.map((file) => openSync(file, 'a'));
say('ready');
await heard('go');
const startedAt = process.hrtime.bigint();
let written = 0;
let bytes = 0;
const timer = setInterval(writeDue, EVERY_MS);

function writeDue(): void {
  const elapsedSeconds = Number(process.hrtime.bigint() - startedAt) / 1e9;
  const due = Math.min(lines, Math.floor(elapsedSeconds * linesPerSecond));
  while (written < due) {
    const descriptor = descriptors[written % descriptors.length] as number;
    bytes += writeSync(descriptor, `${process.hrtime.bigint()} ${texts[written % texts.length]}`);
    written += 1;
  }
  if (written < lines) return;
  clearInterval(timer);
  for (const descriptor of descriptors) closeSync(descriptor);
  say('written', { bytes });
}
