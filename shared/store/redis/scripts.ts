/**
 * The Lua scripts, loaded once from lua/. A file is named `<what it does>-<number of keys>.lua` and headed by
 * its steps, KEYS, ARGV and every return value. `--@include name` stands for the text of lua/name.lua.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface Script {
  readonly lua: string;
  readonly sha: string;
  readonly keyCount: number;
  /** Runs as EVALSHA_RO, for users and servers that only read. */
  readonly readOnly: boolean;
}

const READ_ONLY_FLAG = /^#!lua flags=no-writes$/m;

export const APPEND = load('append', 4);
export const OPEN_SOURCE = load('open_source', 4);
export const REGISTER_CHANNEL = load('register_channel', 1);
export const RETIRE_SOURCES = load('retire_sources', 4);
export const TRIM = load('trim', 2);
export const READ = load('read', 3);
export const LOCATE = load('locate', 2);
export const PING = load('ping', 0);

function load(name: string, keyCount: number): Script {
  const lua = source(`${name}-${keyCount}`).replace(/^--@include (\w+)$/gm, (_, included: string) =>
    source(included),
  );
  const sha = createHash('sha1').update(lua).digest('hex');
  return { lua, sha, keyCount, readOnly: READ_ONLY_FLAG.test(lua) };
}

function source(file: string): string {
  return readFileSync(new URL(`./lua/${file}.lua`, import.meta.url), 'utf8');
}
