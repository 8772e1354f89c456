import { expect, test } from 'vitest';
import { ProgressLine } from '../../cli/progress-line.js';
import type { Logger } from '../../shared/logger.js';
import { Screen } from '../support/screen.js';

function loggerOn(screen: Screen): Logger {
  const write = (message: string) => screen.write(`${message}\n`);
  return { debug: write, info: write, warn: write, error: write };
}

test('the line is drawn anew in its place, and gone when there is nothing to tell', () => {
  const screen = new Screen();
  const line = new ProgressLine(screen);
  line.show('one');
  line.show('a longer one');
  line.show('two');
  expect(screen.lines).toEqual(['two']);
  line.show(undefined);
  expect(screen.lines).toEqual(['']);
});

test('notices stand on lines of their own above it', () => {
  const screen = new Screen();
  const line = new ProgressLine(screen);
  const logger = line.beside(loggerOn(screen));
  logger.info('before');
  line.show('50 %');
  logger.warn('meanwhile');
  line.show('51 %');
  logger.error('and again');
  expect(screen.lines).toEqual(['before', 'meanwhile', 'and again', '51 %']);
  line.show(undefined);
  logger.debug('after');
  expect(screen.lines).toEqual(['before', 'meanwhile', 'and again', 'after', '']);
});

test('a notice that knows of no line is mixed up with it', () => {
  const screen = new Screen();
  const line = new ProgressLine(screen);
  line.show('50 %');
  loggerOn(screen).warn('meanwhile');
  expect(screen.lines[0]).toBe('50 %meanwhile');
});

test.each([
  [10, 'a long te'],
  [0, 'a long text'],
])('on a terminal of %i columns it takes one row', (columns, shown) => {
  const screen = new Screen();
  screen.columns = columns;
  new ProgressLine(screen).show('a long text');
  expect(screen.lines).toEqual([shown]);
});
