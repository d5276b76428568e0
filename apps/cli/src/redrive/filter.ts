import type { DeadLetterFilter } from '@esteira/dead-letters';
import { DEAD_LETTER_REASONS, inPresentWords } from '@esteira/pipeline';
import { Refused } from '../refused.ts';

const WORD = /([a-z_]+)=(?:"([^"]*)"|([^\s"]\S*))(?:\s+|$)/y;

/** The words of FILTER, and what each is of a dead letter. */
const NAMES: Readonly<Record<string, keyof DeadLetterFilter>> = {
  reason: 'reason',
  error_code: 'errorCode',
  lane: 'lane',
  origin: 'origin',
  system: 'origin',
  words: 'words',
  from: 'from',
  to: 'to',
};

/**
 * Reads `reason=attempts-exhausted system=system-1 words="too late"`: everything in it is true of what is meant. Pure.
 *
 * @throws Refused, saying what can't be understood.
 */
export function parseFilter(text: string): DeadLetterFilter {
  const filter: Partial<Record<keyof DeadLetterFilter, string>> = {};
  const trimmed = text.trim();
  WORD.lastIndex = 0;
  while (WORD.lastIndex < trimmed.length) {
    const rest = trimmed.slice(WORD.lastIndex);
    const match = WORD.exec(trimmed);
    const key = NAMES[match?.[1] ?? ''];
    const value = match?.[2] ?? match?.[3];
    if (key === undefined || value === undefined) {
      throw new Refused(
        `FILTER can't be understood from here on: ${rest}\nIt is made of ${Object.keys(NAMES).join('=…, ')}=…, separated by spaces; quote a value that has spaces with ".`,
      );
    }
    refuseOtherJoints(match?.[3]);
    if (key === 'origin') refuseTwoOrigins(filter, value);
    filter[key] = checked(key, isWord(key) ? inPresentWords(value) : value);
  }
  return filter as DeadLetterFilter;
}

/** `origin=` is what any pipeline calls it, `system=` what orders do. */
function refuseTwoOrigins({ origin = '' }: { readonly origin?: string }, value: string): void {
  if (origin === '' || origin === value) return;
  throw new Refused(`FILTER: it names ${origin} and ${value}. system= and origin= are two names of one thing.`);
}

/** What earlier releases called reasons still finds: people have it in scripts. */
const isWord = (key: keyof DeadLetterFilter) => key === 'reason' || key === 'errorCode';

/** Where another part begins. */
const JOINED = new RegExp(`([&,;|]+)(?=(?:${Object.keys(NAMES).join('|')})=)`);

/** `reason=invalid&system=system-1` would be one value. Quoted it is what it says. */
function refuseOtherJoints(value = ''): void {
  const joint = JOINED.exec(value)?.[1];
  if (joint === undefined) return;
  throw new Refused(
    `FILTER: its parts are joined by spaces, not by ${joint}: FILTER='reason=attempts-exhausted system=system-1'. Quote a value that has a ${joint} with ".`,
  );
}

function checked(key: keyof DeadLetterFilter, value: string): string {
  if (key === 'reason' && !DEAD_LETTER_REASONS.some((reason) => reason === value)) {
    throw new Refused(`FILTER: there is no reason ${value}. The reasons are ${DEAD_LETTER_REASONS.join(', ')}.`);
  }
  if ((key === 'from' || key === 'to') && Number.isNaN(Date.parse(value))) {
    throw new Refused(`FILTER: ${value} is no time. Write it like 2026-01-31T12:00:00Z.`);
  }
  return value;
}

/** A filter in the words of {@link parseFilter}, with the word for an origin that people know. */
export function filterText(filter: DeadLetterFilter, originWord: 'system' | 'origin' = 'system'): string {
  const words = Object.entries(NAMES).flatMap(([name, key]) => {
    const value = filter[key];
    if (value === undefined || (key === 'origin' && name !== originWord)) return [];
    return [`${name}=${/\s/.test(value) || JOINED.test(value) ? `"${value}"` : value}`];
  });
  return words.length === 0 ? 'all open dead letters' : words.join(' ');
}
