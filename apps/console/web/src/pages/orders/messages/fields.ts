import type { Field } from '../../../list/FilterForm.tsx';
import { STATUSES, type MessagesSearch } from './search.ts';

/** What messages can be searched by. */
export const fieldsFor = (systems: readonly string[]): Field<keyof MessagesSearch>[] => [
  {
    name: 'system',
    kind: 'choice',
    label: 'System',
    options: systems,
    description: 'narrows words or a source id',
  },
  { name: 'source_id', kind: 'digits', label: 'Source id', hint: 'of the system' },
  {
    name: 'words',
    kind: 'text',
    label: 'Words',
    hint: 'of the product',
    description: 'of the product; of a dead letter its error too',
  },
  { name: 'status', kind: 'choice', label: 'Outcome of an attempt', options: STATUSES },
  { name: 'attempt', kind: 'digits', label: 'Attempt', hint: 'its number' },
  { name: 'from', kind: 'time', label: 'From' },
  { name: 'to', kind: 'time', label: 'Until' },
];
