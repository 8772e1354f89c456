/** Answers as a table for people and as JSON for whatever compares runs later. */
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import type { Answer, Bar, Scale } from './question.js';
import { median, medianRatio } from './statistics.js';

const HEADINGS = [
  'question',
  'measure',
  'median',
  'lowest–highest',
  'unit',
  'bar',
  'met',
  'ratio to yardstick',
];

export function table(answers: readonly Answer[]): string {
  const rows = [HEADINGS, ...answers.map(row)];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const lines = rows.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  lines.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '));
  const details = answers.flatMap(detailLine);
  return `${[...lines, '', ...details].map((line) => line.trimEnd()).join('\n')}\n`;
}

export function report(answers: readonly Answer[], scale: Scale): object {
  return {
    takenAt: new Date().toISOString(),
    scale,
    machine: { platform: process.platform, cores: cpus().length, model: cpus()[0]?.model ?? 'unknown' },
    node: process.version,
    redis: redisVersion(),
    answers: answers.map((answer) => ({
      ...answer,
      median: median(answer.runs),
      ...(answer.bar === undefined ? {} : { met: isMet(median(answer.runs), answer.bar) }),
      ...(answer.yardstick === undefined ? {} : { ratio: medianRatio(answer.runs, answer.yardstick.runs) }),
    })),
  };
}

function row(answer: Answer): string[] {
  const { question, measure, runs, unit, bar, yardstick } = answer;
  const figure = median(runs);
  return [
    question,
    measure,
    text(figure),
    runs.length < 2 ? '' : `${text(Math.min(...runs))}–${text(Math.max(...runs))}`,
    unit,
    bar === undefined ? '' : `${bar.better === 'higher' ? '≥' : '≤'} ${text(bar.value)}`,
    bar === undefined ? '' : isMet(figure, bar) ? 'yes' : 'NO',
    yardstick === undefined ? '' : ratioText(answer.runs, yardstick.runs, yardstick.name),
  ];
}

function ratioText(runs: readonly number[], yardstickRuns: readonly number[], name: string): string {
  return `${medianRatio(runs, yardstickRuns).toFixed(2)} × ${text(median(yardstickRuns))} (${name})`;
}

function detailLine({ question, measure, details }: Answer): string[] {
  if (details === undefined) return [];
  const parts = Object.entries(details).map(
    ([name, value]) => `${name} ${typeof value === 'number' ? text(value) : value}`,
  );
  return [`${question}, ${measure}: ${parts.join(', ')}`];
}

function isMet(figure: number, { value, better }: Bar): boolean {
  return better === 'higher' ? figure >= value : figure <= value;
}

/** Three significant figures, millions and thousands with their letter. */
function text(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${(value / 1e6).toPrecision(3)} M`;
  if (size >= 1e4) return `${(value / 1e3).toPrecision(3)} k`;
  return size >= 100 ? value.toFixed(0) : `${Number(value.toPrecision(3))}`;
}

function redisVersion(): string {
  const output = execFileSync(process.env['REDIS_SERVER'] ?? 'redis-server', ['--version'], {
    encoding: 'utf8',
  });
  return /v=(\S+)/.exec(output)?.[1] ?? 'unknown';
}
