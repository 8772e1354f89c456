/**
 * How the lines of a path are presented: in which channel, with which labels, and how bytes become lines.
 * Pure, and never changed: a path that is to be treated otherwise gets another one.
 */
import { isDeepStrictEqual } from 'node:util';
import type { LineFormat } from '../lines/line-format.js';
import { isSameLabels, type Labels } from '../sources/source-id.js';
import { channelOf } from './channel-template.js';
import type { SourceRule } from './source-rule.js';

export interface Presentation {
  readonly channel: string;
  readonly labels: Labels;
  readonly format: LineFormat;
}

export function presentationOf(
  { channel, labels, format }: SourceRule,
  path: string,
  host: string,
): Presentation {
  return { channel: channelOf(channel, path, host), labels, format };
}

export function isSamePresentation(a: Presentation, b: Presentation): boolean {
  return a.channel === b.channel && isSameLabels(a.labels, b.labels) && isDeepStrictEqual(a.format, b.format);
}
