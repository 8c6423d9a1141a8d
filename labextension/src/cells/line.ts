/**
 * One line `%shelf use …`, read as the kernel reads it (cloudshelf/language/grammar.py): quotes group, `#` after a
 * space begins a comment, words that belong to one specifier may have spaces between. Everything that is not replaced
 * stays as it was typed.
 */

/** A requirement within a line: where it stands, and what it says without its quotes. */
export interface IRequirement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

interface IWord extends IRequirement {
  readonly quoted: boolean;
}

const USE = /^\s*%shelf\s+(?:use|install)(?=\s|$)/;
const WITH_VALUE = new Set([
  '-r',
  '--requirement',
  '-c',
  '--constraint',
  '--extra',
  '--group',
  '--variant',
  '--as-of',
  '--shelf'
]);
/** Options of which the value asks for something. */
const FILES = new Set(['-r', '--requirement', '--group']);
const NOT_KEPT = new Set(['--dry-run', '--help', '-h']);
// A quote that is not closed goes to the line's end.
const WORD = /(?:"[^"]*(?:"|$)|'[^']*(?:'|$)|[^\s"'])+/g;
const QUOTED = /"([^"]*)(?:"|$)|'([^']*)(?:'|$)/g;
// PEP 508: letters and digits, with "-", "_" and "." between
const PROJECT =
  /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(\[[^\]]*\])?\s*(.*)$/s;

/** Whether a line pins something when it runs. */
export function isUseLine(line: string): boolean {
  const found = USE.exec(line);
  return (
    found !== null &&
    !wordsOf(line, found[0].length).some(word => NOT_KEPT.has(word.text))
  );
}

/** The requirements of a `%shelf use` line, files (`-r`) and other options left out. */
export function requirementsOf(line: string): IRequirement[] {
  const found = USE.exec(line);
  if (!found) {
    return [];
  }
  const joined: IRequirement[] = [];
  let isValue = false;
  let open = false; // whether the word before may go on
  for (const word of wordsOf(line, found[0].length)) {
    if (isValue || (word.text.startsWith('-') && !word.quoted)) {
      isValue = !isValue && WITH_VALUE.has(word.text);
      open = false;
      continue;
    }
    const before = joined.at(-1);
    if (
      open &&
      before &&
      (/^[<>=!~,;[@]/.test(word.text) || /[<>=!~,;[@(]$/.test(before.text))
    ) {
      joined[joined.length - 1] = {
        start: before.start,
        end: word.end,
        text: before.text + word.text
      };
    } else {
      joined.push({ start: word.start, end: word.end, text: word.text });
    }
    open = true;
  }
  return joined;
}

/** The project that a requirement names, normalized (PEP 503); empty where it names none. */
export function projectOf(requirement: string): string {
  return partsOf(requirement)
    .name.replace(/[-_.]+/g, '-')
    .toLowerCase();
}

/** The line with `requirement` in place of `old`. A bare project asks for nothing else, so it changes nothing. */
export function replaceRequirement(
  line: string,
  old: IRequirement,
  requirement: string
): string {
  const { name, extras, rest } = partsOf(requirement);
  if (!rest && !extras) {
    return line;
  }
  const kept = extras || partsOf(old.text).extras;
  return (
    line.slice(0, old.start) + quote(name + kept + rest) + line.slice(old.end)
  );
}

/** The line with one requirement more, before its comment. */
export function appendRequirement(line: string, requirement: string): string {
  const end = wordsOf(line, 0).at(-1)?.end ?? line.length;
  return `${line.slice(0, end)} ${quote(requirement.trim())}${line.slice(end)}`;
}

/** The line without these of its requirements; null where it would ask for nothing any more. */
export function withoutRequirements(
  line: string,
  gone: readonly IRequirement[]
): string | null {
  const rest = gone.reduceRight(
    (text, each) =>
      text.slice(0, each.start).replace(/\s+$/, '') + text.slice(each.end),
    line
  );
  const found = USE.exec(rest);
  const asks =
    requirementsOf(rest).length > 0 ||
    wordsOf(rest, found?.[0].length ?? 0).some(word => FILES.has(word.text));
  return asks ? rest : null;
}

function partsOf(requirement: string): {
  name: string;
  extras: string;
  rest: string;
} {
  const found: (string | undefined)[] = PROJECT.exec(requirement.trim()) ?? [];
  const [, name = '', extras = '', rest = ''] = found;
  return { name, extras, rest };
}

function quote(word: string): string {
  if (!/[\s"'#]/.test(word)) {
    return word;
  }
  return word.includes('"') ? `'${word}'` : `"${word}"`;
}

function wordsOf(line: string, from: number): IWord[] {
  const words: IWord[] = [];
  for (const found of line.slice(from).matchAll(WORD)) {
    const typed = found[0];
    if (typed.startsWith('#')) {
      break;
    }
    const start = from + found.index;
    const text = typed.replace(QUOTED, (_, double?: string, single?: string) =>
      String(double ?? single)
    );
    const quoted = /^["']/.test(typed);
    words.push({ start, end: start + typed.length, text, quoted });
  }
  return words;
}
