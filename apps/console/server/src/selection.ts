import { MOST_SELECTED, type Selection } from '@esteira/dead-letters';
import { Type, type Static } from 'typebox';
import { filter, filterOf } from './dead-letter-schemas.ts';
import { closed, messageId } from './schemas.ts';

/** Which dead letters an action is for. */
export const selection = Type.Union(
  [
    Type.Object({ message_ids: Type.Array(messageId, { minItems: 1, maxItems: MOST_SELECTED }) }, closed),
    Type.Object({ filter }, closed),
  ],
  { description: 'These dead letters, or the open ones that a filter means. A group is a filter.' },
);

/** A selection as the library takes it. @throws a problem where nothing could be like its filter. */
export function selectionOf(wanted: Static<typeof selection>): Selection {
  if ('message_ids' in wanted) return { messageIds: wanted.message_ids };
  return { filter: filterOf(wanted.filter, { part: 'body', within: '/selection/filter' }) };
}
