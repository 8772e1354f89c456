/** The known word that somebody probably meant. Pure. */

/** Edits between two words that are taken for one: a third of the longer one, and at the most so many. */
const EDITS_MAX = 3;

/** Undefined where no word is near. Case, `-` and `_` count as nothing: `readFrom` means `read_from`. */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  const distances = known.map((candidate) => ({
    candidate,
    edits: editsBetween(plain(word), plain(candidate)),
  }));
  const near = distances.filter(({ candidate, edits }) => {
    return edits <= Math.min(EDITS_MAX, Math.max(word.length, candidate.length) / 3);
  });
  return near.sort((a, b) => a.edits - b.edits)[0]?.candidate;
}

function plain(word: string): string {
  return word.toLowerCase().replace(/[-_]/g, '');
}

/** Letters inserted, deleted, replaced, or swapped with their neighbour. */
function editsBetween(a: string, b: string): number {
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      const isSwapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current[column] = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (older[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    older = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}
