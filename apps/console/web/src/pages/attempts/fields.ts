import type { Field } from '../../list/FilterForm.tsx';
import type { Pipeline } from '../../pipeline/query.ts';
import { STATUSES, type AttemptsSearch } from './search.ts';

/** What attempts can be searched by, in the words of the pipeline. */
export const fieldsFor = ({ origin, key }: Pipeline['words']): Field<keyof AttemptsSearch>[] => [
  { name: 'message_id', kind: 'text', label: 'Message id' },
  { name: 'status', kind: 'choice', label: 'Outcome', options: STATUSES },
  { name: 'attempt', kind: 'digits', label: 'Attempt', hint: 'its number' },
  { name: 'origin', kind: 'text', label: origin },
  { name: 'key', kind: 'text', label: key },
  { name: 'worker', kind: 'text', label: 'Worker' },
  { name: 'from', kind: 'time', label: 'From' },
  { name: 'to', kind: 'time', label: 'Until' },
];
