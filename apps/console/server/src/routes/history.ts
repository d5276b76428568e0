import { listActions } from '@esteira/dead-letters';
import { dependencyUnavailable, invalidRequest, problemResponses, within, type App } from '@esteira/http';
import { ordersPipeline } from '@esteira/orders/domain';
import { present } from '@esteira/pipeline';
import { Type } from 'typebox';
import type { Console } from '../console.ts';
import { explained } from '../explained.ts';
import { closed, jobId, messageId, nullable, PAGE_ITEMS, pageOf, pageView, paging, text } from '../schemas.ts';
import { snake } from '../snake.ts';

const action = Type.Object({
  id: text,
  at: text,
  by: Type.String({
    description: 'The name of the key, `local` where there are none; `esteira` for what a job did by itself.',
  }),
  action: text,
  why: nullable(text),
  job: nullable(text),
  message_id: nullable(text),
  details: Type.Record(text, Type.Unknown()),
});
const history = Type.Object({
  ...pageOf(action).properties,
  missing: nullable(
    Type.String({ description: 'Why what was asked of the APIs themselves lately is not in it; null where it is.' }),
  ),
});

/** How long Redis is waited for, in milliseconds: what is kept already can be read without it. */
const COLLECT_MS = 2_000;

/** `GET /v0/history`. */
export function addHistory(app: App, { endput, collecting }: Pick<Console, 'endput' | 'collecting'>): void {
  app.get('/v0/history', {
    schema: {
      operationId: 'history',
      tags: ['history'],
      summary: 'Who did what',
      description:
        'When, and why; the newest first. Of all, of one job, or of one message. What was asked of the APIs themselves stands here too.',
      querystring: Type.Object({ job: Type.Optional(jobId), message_id: Type.Optional(messageId), ...paging }, closed),
      response: { 200: history, ...problemResponses(invalidRequest, dependencyUnavailable) },
    },
    handler: async ({ query: { job, message_id: messageIdGiven, limit = PAGE_ITEMS, cursor } }) => {
      const asked = present({ job, messageId: messageIdGiven, cursor });
      const missing = await within(COLLECT_MS, collecting.collect()).then(() => null, explained);
      const page = await listActions(endput, ordersPipeline.name, { limit, ...asked });
      return { ...pageView(page, ({ details, ...rest }) => ({ ...snake(rest), details: { ...details } })), missing };
    },
  });
}
