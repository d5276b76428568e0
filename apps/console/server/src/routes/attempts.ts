import { originOf, type AttemptDocument } from '@esteira/attempt-log';
import { dependencyUnavailable, invalidRequest, problemResponses, type App } from '@esteira/http';
import { present } from '@esteira/pipeline';
import { Type, type Static } from 'typebox';
import type { Console } from '../console.ts';
import { inPath, noPipeline, pipelineOf } from '../pipelines/asked-pipeline.ts';
import {
  attemptNumber,
  attemptStatus,
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
} from '../schemas.ts';
import { IN_QUERY, stretchOf } from '../time-of.ts';

const attempt = Type.Object({
  message_id: text,
  type: text,
  origin: nullable(Type.String({ description: 'Where it came from. Null where the message did not tell.' })),
  key: nullable(Type.String({ description: 'What it is called there. Null where the message did not tell.' })),
  round: Type.Integer(),
  attempt: Type.Integer(),
  max_attempts: Type.Integer(),
  status: attemptStatus,
  info: Type.String({ description: 'The same in a sentence.' }),
  reason: nullable(Type.String({ description: 'Why it was dead-lettered; null otherwise.' })),
  error: nullable(failure),
  result: Type.Unknown({ description: 'What the handler gave back.' }),
  worker: text,
  started_at: text,
  duration_ms: Type.Number(),
  processed_at: time('When it ended; attempts are forgotten a while after it.'),
});

const search = Type.Object(
  {
    message_id: Type.Optional(messageId),
    status: Type.Optional(attemptStatus),
    attempt: Type.Optional(attemptNumber),
    origin: Type.Optional(sought('The origin that its message came from.')),
    key: Type.Optional(sought('What its message is called there.')),
    worker: Type.Optional(sought('Who made it.')),
    from: Type.Optional(givenTime('Processed at or after.')),
    to: Type.Optional(givenTime('Processed before; later than `from`.', '2026-11-22T16:00:00Z')),
    ...paging,
  },
  closed,
);

/** `GET …/attempts`. */
export function addAttempts(app: App, { pipelines }: Pick<Console, 'pipelines'>): void {
  app.get('/attempts', {
    schema: {
      operationId: 'attempts',
      tags: ['attempts'],
      summary: 'Search attempts',
      description:
        'Those that the log has not forgotten yet, the latest first. All that is given must be true. A message id, a status, a number and a time are found by an index; an origin, a key and a worker are looked for among what these leave, and refused where that is too much.',
      params: Type.Object(inPath, closed),
      querystring: search,
      response: { 200: pageOf(attempt), ...problemResponses(invalidRequest, noPipeline, dependencyUnavailable) },
    },
    handler: async ({ params: { pipeline }, query }) => {
      const { attemptLog } = pipelineOf(pipelines, pipeline);
      const { message_id: id, limit = PAGE_ITEMS, ...rest } = query;
      const messageIds = id === undefined ? undefined : [id];
      const asked = present({ ...rest, messageIds, ...stretchOf(query, IN_QUERY) });
      return pageView(await attemptLog.search({ ...asked, limit }), attemptView);
    },
  });
}

function attemptView(document: AttemptDocument): Static<typeof attempt> {
  const { message_id, type, round, attempt: number, max_attempts, status, info, reason, error, result } = document;
  const { key = null, worker, duration_ms, started_at, processed_at } = document;
  return {
    ...{ message_id, type, origin: originOf(document), key, round, attempt: number, max_attempts, status },
    ...{ info, reason, error, result, worker, duration_ms },
    started_at: started_at.toISOString(),
    processed_at: processed_at.toISOString(),
  };
}
