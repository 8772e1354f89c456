/** Which files this process holds open, as the kernel tells it. */
import { readdir, readlink } from 'node:fs/promises';

/** Files inside a directory, each as often as it is open. */
export async function openHandlesIn(directory: string): Promise<string[]> {
  const found: string[] = [];
  for (const descriptor of await readdir('/proc/self/fd')) {
    const target = await readlink(`/proc/self/fd/${descriptor}`).catch(() => '');
    if (target.startsWith(`${directory}/`)) found.push(target);
  }
  return found;
}
