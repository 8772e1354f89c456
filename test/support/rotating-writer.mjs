/**
 * A program that logs and rotates as fast as it can: appends lines, renames app.log to app.log.1 and so on, and
 * deletes what is older than it keeps. Arguments: file, rotations, lines between two, rotated files kept, and the
 * number of the last line that is there.
 */
import { closeSync, existsSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';

const [file, ...numbers] = process.argv.slice(2);
const [rotations, lines, keep, first] = numbers.map(Number);
let written = first;

for (let round = 0; round <= rotations; round++) {
  const log = openSync(file, 'a');
  for (let line = 0; line < lines; line++) writeSync(log, `line ${++written}\n`);
  if (round < rotations) rotate();
  // The writer learns of the rotation a moment later.
  writeSync(log, `line ${++written}\n`);
  closeSync(log);
}

function rotate() {
  rmSync(`${file}.${keep}`, { force: true });
  for (let count = keep - 1; count >= 1; count--) {
    if (existsSync(`${file}.${count}`)) renameSync(`${file}.${count}`, `${file}.${count + 1}`);
  }
  renameSync(file, `${file}.1`);
}
