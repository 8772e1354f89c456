/** How `tailrace tail` writes lines: what goes to stdout for one event of a subscription. */
import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { printable, printableJson } from '../../shared/printable.js';
import type { LinesEvent } from '../events.js';
import type { LineFilter } from './grep.js';
import type { TailOutput } from './options.js';

export type LineFormat = (event: LinesEvent) => string;

export interface LineFormatOptions {
  readonly output: TailOutput;
  readonly keeps: LineFilter;
  readonly stdout: Writable;
}

/**
 * `default`: time, channel, line. `raw`: the line as it was written, on a terminal too. `json`: one object a
 * line; the last one of an event carries `cursor`, the place after it. A terminal gets colours, and no control
 * characters of the log in `default` and `json`. The text is empty where the filter keeps nothing.
 */
export function lineFormat({ output, keeps, stdout }: LineFormatOptions): LineFormat {
  const onTerminal = 'isTTY' in stdout && stdout.isTTY === true;
  switch (output) {
    case 'raw':
      return ({ lines }) => joined(lines.filter(keeps));
    case 'json':
      return jsonFormat(keeps, onTerminal ? printableJson : asItIs);
    case 'default':
      return defaultFormat(keeps, stdout, onTerminal);
  }
}

function defaultFormat(keeps: LineFilter, stdout: Writable, onTerminal: boolean): LineFormat {
  const harmless = onTerminal ? printable : asItIs;
  const style = (colour: 'gray' | 'cyan', text: string) =>
    onTerminal ? styleText(colour, text, { stream: stdout }) : text;
  return ({ at, channel, lines }) => {
    const head = `${style('gray', new Date(at).toISOString())} ${style('cyan', channel)} `;
    return joined(lines.filter(keeps).map((line) => head + harmless(line)));
  };
}

function jsonFormat(keeps: LineFilter, harmless: (json: string) => string): LineFormat {
  return ({ channel, at, seq, source, lines, cut, cursor }) => {
    const { host, path, labels } = source;
    const texts: string[] = [];
    lines.forEach((line, index) => {
      if (!keeps(line)) return;
      const isCut = cut?.includes(index) === true ? true : undefined;
      const place = index === lines.length - 1 ? cursor : undefined;
      const record = { channel, seq: seq + index, at, host, path, labels, line, cut: isCut, cursor: place };
      texts.push(harmless(JSON.stringify(record)));
    });
    return joined(texts);
  };
}

function joined(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function asItIs(text: string): string {
  return text;
}
