import type { Answer } from '../../api/answers.ts';
import type { Field } from '../../list/FilterForm.tsx';
import type { Pipeline } from '../../pipeline/query.ts';
import { REASONS, STATES, type DeadLettersSearch } from './search.ts';

type Groups = Answer<'/v0/pipelines/{pipeline}/dead-letters/groups'>['groups'];

const sortsOf = (origin: string, key: string) => [
  { value: 'dead_at', label: 'oldest first' },
  { value: 'message_id', label: `${origin} and ${key}`.toLowerCase() },
  { value: '-message_id', label: `${origin} and ${key}, from the end`.toLowerCase() },
];

/** What dead letters can be narrowed by; errors are offered as they occur. */
export function fieldsFor(
  { lanes, words }: Pick<Pipeline, 'lanes' | 'words'>,
  systems: readonly string[],
  groups: Groups,
): Field<keyof DeadLettersSearch>[] {
  const unique = (values: string[]) => [...new Set(values)].sort();
  return [
    { name: 'state', kind: 'choice', label: 'State', options: STATES },
    { name: 'reason', kind: 'choice', label: 'Reason', options: REASONS },
    { name: 'error_code', kind: 'choice', label: 'Error', options: unique(groups.map(({ error_code }) => error_code)) },
    ...(lanes.length > 1 ? [{ name: 'lane', kind: 'choice', label: 'Lane', options: lanes } as const] : []),
    systems.length > 0
      ? { name: 'origin', kind: 'choice', label: words.origin, options: systems }
      : { name: 'origin', kind: 'text', label: words.origin },
    { name: 'words', kind: 'text', label: 'Words', hint: 'of the error or the body' },
    { name: 'from', kind: 'time', label: 'Died from' },
    { name: 'to', kind: 'time', label: 'Died until' },
    {
      name: 'sort',
      kind: 'choice',
      label: 'Sorted by',
      none: 'newest first',
      options: sortsOf(words.origin, words.key),
    },
  ];
}
