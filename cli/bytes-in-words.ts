/** Sizes as people read them. Pure. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `0 B`, `512 B`, `1.2 MiB`, `64 MiB`: three figures at the most before the unit. */
export function bytesInWords(bytes: number): string {
  let value = bytes;
  let index = 0;
  while (value >= 999.5 && index < UNITS.length - 1) {
    value /= 1024;
    index++;
  }
  return `${value < 9.95 && index > 0 ? value.toFixed(1) : value.toFixed(0)} ${UNITS[index]}`;
}
