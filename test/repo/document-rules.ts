/** Whether documents tell the truth about the repository. Pure: documents and facts go in, violations come out. */
import { dirname, normalize } from 'node:path/posix';
import type { SourceFile } from './source-file.js';

const LINK = /\[[^\]]*\]\(([^)\s]+)\)/g;

/** Links inside the repository that lead nowhere: a missing file, or a heading that is not in it. */
export function brokenLinks(documents: readonly SourceFile[], exists: (path: string) => boolean): string[] {
  const headings = new Map(documents.map(({ path, text }) => [path, anchorsOf(text)]));
  return documents.flatMap(({ path, text }) =>
    [...withoutCode(text).matchAll(LINK)]
      .map(([, target = '']) => target)
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const [file = '', anchor] = target.split('#');
        const destination = file === '' ? path : normalize(`${dirname(path)}/${file}`);
        if (!exists(destination)) return true;
        return anchor !== undefined && headings.get(destination)?.has(anchor) === false;
      })
      .map((target) => `${path} links to ${target}`),
  );
}

export interface Usage {
  readonly path: string;
  readonly command: string;
  readonly flags: readonly string[];
}

const FENCE = /```(\w*)\n([\s\S]*?)```/g;

/** The calls of `tailrace` in the shell blocks of documents. */
export function usagesOf({ path, text }: SourceFile): Usage[] {
  return [...text.matchAll(FENCE)]
    .filter(([, language]) => language === 'sh')
    .flatMap(([, , code = '']) => code.replaceAll('\\\n', ' ').split('\n'))
    .flatMap((line) => [...line.matchAll(/\btailrace ((?:token |agent (?=status))?[a-z]+)([^|;&]*)/g)])
    .map(([, command = '', rest = '']) => ({
      path,
      command,
      flags: rest.match(/(?<=\s)--?[a-z][a-z-]*/g) ?? [],
    }));
}

/** The code blocks of a document in a language, in order. */
export function codeBlocks({ text }: SourceFile, language: string): string[] {
  return [...text.matchAll(FENCE)].filter(([, found]) => found === language).map(([, , code = '']) => code);
}

/** The first words in backticks of the table rows under a heading. */
export function tableKeys({ text }: SourceFile): string[] {
  return [...text.matchAll(/^\| `([^`]+)` +\|/gm)].map(([, key = '']) => key);
}

/** As GitHub makes them: lower case, spaces to dashes, punctuation dropped. */
function anchorsOf(text: string): Set<string> {
  const headings = [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function withoutCode(text: string): string {
  return text.replace(FENCE, '').replace(/`[^`\n]*`/g, '');
}
