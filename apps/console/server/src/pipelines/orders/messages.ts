import { dependencyUnavailable, invalidRequest, noSuch, problemResponses, type App } from '@esteira/http';
import { present } from '@esteira/pipeline';
import { isKnown, lifeOf, readFacts, searchMessages } from '@esteira/orders/messages';
import { Type } from 'typebox';
import type { OrdersParts } from './parts.ts';
import { IN_QUERY, stretchOf } from '../../time-of.ts';
import { lifeSchema, lifeView } from './message-life.ts';
import {
  attemptNumber,
  attemptStatus,
  bigint,
  closed,
  failure,
  givenTime,
  messageId,
  nullable,
  PAGE_ITEMS,
  pageOf,
  pageView,
  paging,
  sought,
  text,
  time,
} from '../../schemas.ts';
import { snake } from '../../snake.ts';

const tags = ['messages'];
const refusals = problemResponses(invalidRequest, dependencyUnavailable);

const noMessage = noSuch('message');

const hit = Type.Object({
  message_id: text,
  system: nullable(text),
  source_id: nullable(bigint),
  product: nullable(text),
  status: Type.Enum(['succeeded', 'failed', 'dead-lettered', 'invalid', 'discarded', 'redriven', 'under-way']),
  round: Type.Integer(),
  attempt: nullable(Type.Integer({ description: 'This attempt; where it comes from a table, how many were made.' })),
  max_attempts: nullable(Type.Integer()),
  error: nullable(failure),
  worker: nullable(text),
  duration_ms: nullable(Type.Number()),
  at: time('When it was processed, stored or dead-lettered.'),
  found_in: Type.Enum(['attempt-log', 'endput', 'dead-letters', 'source']),
});

/** What is sought. */
const search = Type.Object(
  {
    message_id: Type.Optional(sought('A message id; with neither a system nor a source id.')),
    system: Type.Optional(sought('With `source_id` or `words`: of this system alone.')),
    source_id: Type.Optional(sought('The id of a source row; without `system` of those in all systems.')),
    words: Type.Optional(sought('Words of the product; of a dead letter, of its error too. Not with an id.')),
    status: Type.Optional(attemptStatus),
    attempt: Type.Optional(attemptNumber),
    from: Type.Optional(givenTime('Processed at or after.')),
    to: Type.Optional(givenTime('Processed before; later than `from`.', '2026-11-22T16:00:00Z')),
    ...paging,
  },
  closed,
);

type Parts = Pick<OrdersParts, 'endput' | 'attemptLog' | 'systems'>;

/** `GET …/messages` and `/:message_id`. */
export function addMessages(app: App, console: Parts): void {
  addSearch(app, console);
  addLife(app, console);
}

function addSearch(app: App, console: Parts): void {
  app.get('/messages', {
    schema: {
      operationId: 'messages',
      tags,
      summary: 'Search messages',
      description:
        'Attempts, the latest first; a message whose attempts have expired is found where it rests. All that is given must be true; what is not answered in full is refused. An attempt that the log has forgotten is found as the last one of its message alone. Each search is served by an index, which the answer names.',
      querystring: search,
      response: {
        200: Type.Object({
          ...pageOf(hit).properties,
          index: Type.String({ description: 'The index that served it.' }),
          unsearched: Type.Array(text, {
            description: 'What could not be searched, and why: sources, or the attempt log.',
          }),
        }),
        ...refusals,
      },
    },
    handler: async ({ query }) => {
      const { message_id: id, source_id: sourceId, limit = PAGE_ITEMS, ...rest } = query;
      const stretch = stretchOf(query, IN_QUERY);
      const page = await searchMessages(console, {
        ...present({ ...rest, messageId: id, sourceId, ...stretch }),
        limit,
      });
      const { index, unsearched } = page;
      return { ...pageView(page, (one) => snake(one)), index, unsearched: [...unsearched] };
    },
  });
}

function addLife(app: App, console: Parts): void {
  app.get('/messages/:message_id', {
    schema: {
      operationId: 'message',
      tags,
      summary: 'The life of a message',
      description:
        'Its rows as they stand now, and what happened to it, round by round. Attempts whose log has expired are counted.',
      params: Type.Object({ message_id: messageId }, closed),
      response: { 200: lifeSchema, ...refusals, ...problemResponses(noMessage) },
    },
    handler: async ({ params: { message_id: id } }) => {
      const facts = await readFacts(console, id);
      if (!isKnown(facts)) throw noMessage(`Nothing is known of a message ${id}.`);
      return lifeView(facts, lifeOf(facts));
    },
  });
}
