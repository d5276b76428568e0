import * as v from 'valibot';
import type { Letter } from './query.ts';

/** What is typed at a dead letter's body. */
export const editSchema = v.object({ body: v.string(), why: v.string() });

/** The name of the draft of an edit. Pure. */
export const editDraftOf = ({ message_id: messageId }: Pick<Letter, 'message_id'>): string => `edit ${messageId}`;

/** Another one with each thing that happens to the dead letter. Pure. */
export const versionOf = ({ round, history }: Pick<Letter, 'round' | 'history'>): string =>
  `${round}.${history.length}`;
