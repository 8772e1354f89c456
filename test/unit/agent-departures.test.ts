/** What is announced as lost of a file that was truncated. */
import { expect, test } from 'vitest';
import type { FileIdentity, FileLook } from '../../agent/files/log-file.js';
import { Departures } from '../../agent/lineages/departures.js';
import type { Generation } from '../../agent/lineages/generation.js';
import { Growth } from '../../agent/lineages/growth.js';
import type { Candidate } from '../../agent/rotation/candidates.js';
import type { KnownSource } from '../../agent/sources/ledger.js';
import type { Loss, Notices } from '../../agent/status/notices.js';

function look(inode: string, size: number): FileLook {
  return { size, modifiedNs: 0n, links: 1, identity: { device: '1', inode } };
}

function stranger(inode: string, size: number): Candidate {
  const seen = look(inode, size);
  return { file: { identity: seen.identity }, look: seen, known: undefined } as unknown as Candidate;
}

/** Of a file of which 100 bytes are stored, and that was cut off twice, with 500 bytes in between. */
function lostBytes(older: readonly Candidate[]): number {
  const growth = new Growth(look('1', 100), 100);
  for (const size of [0, 500, 0, 300]) growth.see(look('1', size), 100);
  const identity: FileIdentity = look('1', 0).identity;
  const known = { position: { offset: 100, mark: '' } };
  const departures = new Departures();
  departures.add({ growth, identity, known, isOpen: true } as unknown as Generation);
  let lost = 0;
  const truncated = (loss: Loss) => {
    lost += loss.lostBytes;
  };
  departures.tell('app.log', older, [], { truncated } as unknown as Notices);
  return lost;
}

test('what was cut off is lost as far as no copy holds it', () => {
  expect(lostBytes([])).toBe(500);
  expect(lostBytes([stranger('2', 200)])).toBe(300);
});

test('a copy of what the file held before it was cut off at all holds nothing of what came after', () => {
  const original = { position: { offset: 0, mark: '' } } as KnownSource;
  expect(lostBytes([{ ...stranger('2', 200), original }])).toBe(500);
});

test('the truncated file itself, rotated since, is no copy of what was cut off', () => {
  expect(lostBytes([stranger('1', 300)])).toBe(500);
});
