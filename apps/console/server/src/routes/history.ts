import { listActions } from '@esteira/dead-letters';
import { dependencyUnavailable, invalidRequest, problemResponses, within, type App } from '@esteira/http';
import { present } from '@esteira/pipeline';
import { Type } from 'typebox';
import type { Console } from '../console.ts';
import { explained } from '../explained.ts';
import { inPath, noPipeline, pipelineOf } from '../pipelines/asked-pipeline.ts';
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

/** `GET …/history`. */
export function addHistory(app: App, { pipelines }: Pick<Console, 'pipelines'>): void {
  app.get('/history', {
    schema: {
      operationId: 'history',
      tags: ['history'],
      summary: 'Who did what',
      description:
        'When, and why; the newest first. Of all, of one job, or of one message. What was asked of the APIs themselves stands here too.',
      params: Type.Object(inPath, closed),
      querystring: Type.Object({ job: Type.Optional(jobId), message_id: Type.Optional(messageId), ...paging }, closed),
      response: { 200: history, ...problemResponses(invalidRequest, noPipeline, dependencyUnavailable) },
    },
    handler: async ({
      params: { pipeline },
      query: { job, message_id: messageIdGiven, limit = PAGE_ITEMS, cursor },
    }) => {
      const { endput, collect } = pipelineOf(pipelines, pipeline);
      const asked = present({ job, messageId: messageIdGiven, cursor });
      const missing = await within(COLLECT_MS, collect()).then(() => null, explained);
      const page = await listActions(endput, pipeline, { limit, ...asked });
      return { ...pageView(page, ({ details, ...rest }) => ({ ...snake(rest), details: { ...details } })), missing };
    },
  });
}
