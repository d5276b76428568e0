import type { Failure } from '@esteira/pipeline';

/** What of a body is searched, in bytes. A JSON document beyond it is searched like text, up to here. */
const SEARCHED_BYTES = 64 * 2 ** 10;
const MOST_WORDS = 256;
const LONGEST_WORD = 64;
/** Words of one search; more would only find less. */
const MOST_SOUGHT = 12;
const WORD = /[\p{L}\p{N}]+/gu;
/** Ids are found by their column; as words they would only swell the index. */
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The words by which a dead letter is found: those of its error and of the texts and numbers in its body, in lower
 * case, each once. A body that is no JSON is read as text. Pure.
 */
export function wordsOf(error: Failure, body: Uint8Array): string[] {
  const words = new Set<string>();
  for (const text of [error.code, error.message, ...textsOf(body)]) {
    for (const word of wordsIn(text)) {
      if (words.size === MOST_WORDS) return [...words];
      words.add(word);
    }
  }
  return [...words];
}

/**
 * What a person searches for as a `tsquery`: all words, each as the beginning of a word. Made of letters and digits
 * alone, so nothing of it is an operator. Null where there is no word in it.
 */
export function soughtWords(text: string): string | null {
  const words = [...new Set(wordsIn(text))].slice(0, MOST_SOUGHT);
  return words.length === 0 ? null : words.map((word) => `'${word}':*`).join(' & ');
}

function wordsIn(text: string): string[] {
  const words = text.normalize('NFC').toLowerCase().match(WORD) ?? [];
  return words.map((word) => word.slice(0, LONGEST_WORD).toWellFormed());
}

function textsOf(body: Uint8Array): string[] {
  const text = new TextDecoder().decode(body.subarray(0, SEARCHED_BYTES));
  try {
    return leaves(JSON.parse(text)).filter((leaf) => !ID.test(leaf));
  } catch {
    return [text]; // No JSON, or cut: a text like any other.
  }
}

function leaves(document: unknown): string[] {
  const found: string[] = [];
  const open = [document];
  while (open.length > 0 && found.length < MOST_WORDS) {
    const value = open.shift();
    if (typeof value === 'string' || typeof value === 'number') found.push(String(value));
    else if (typeof value === 'object' && value !== null) {
      open.push(...(Object.values(value) as unknown[]).slice(0, MOST_WORDS));
    }
  }
  return found;
}
