/** Tells what is there and can be no log file, such as a FIFO or a device, from what is not there. */
import { statSync } from 'node:fs';

/** Whether something other than a file or a directory is at the path. */
export function isIrregular(path: string): boolean {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats !== undefined && !stats.isFile() && !stats.isDirectory();
  } catch {
    return false;
  }
}
