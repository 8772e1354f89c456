/** Makes text harmless for a terminal: a log, or a file's name, must not move the cursor, set titles or hide lines. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is for
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/;
const EVERY_CONTROL = new RegExp(CONTROL, 'g');

/** Control characters, but for the tab, as `\x1b` and the like. */
export function printable(text: string): string {
  if (!CONTROL.test(text)) return text;
  return text.replace(EVERY_CONTROL, (character) => `\\x${hex(character, 2)}`);
}

/** JSON text escapes most of them already; the rest become `\u009b` and the like, which is still JSON. */
export function printableJson(json: string): string {
  return json.replace(EVERY_CONTROL, (character) => `\\u${hex(character, 4)}`);
}

function hex(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, '0');
}
