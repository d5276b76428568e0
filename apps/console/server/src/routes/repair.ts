import { createJob, editBody, JobsOverlap, previewJob, type Edited, type NewJob } from '@esteira/dead-letters';
import {
  callerNamed,
  defineProblem,
  dependencyUnavailable,
  invalidRequest,
  placed,
  problemResponses,
  type App,
} from '@esteira/http';
import { present } from '@esteira/pipeline';
import { Type } from 'typebox';
import type { Console } from '../console.ts';
import { deadLetter, noDeadLetter } from '../dead-letter-schemas.ts';
import { jobOf, jobSchema } from '../job-view.ts';
import { deadLetterOf } from '../dead-letter-view.ts';
import { inPath, noPipeline, pipelineOf } from '../pipelines/asked-pipeline.ts';
import { closed, count, messageId, nullable, text, why } from '../schemas.ts';
import { selection, selectionOf } from '../selection.ts';
import { snake } from '../snake.ts';

const tags = ['repair'];
const REFUSED = [invalidRequest, noPipeline, dependencyUnavailable];
const refusals = problemResponses(...REFUSED);
const params = Type.Object(inPath, closed);
/** Ten thousand ids, or a body of 1 MB whose every byte is escaped; in bytes. */
const BODY_LIMIT = 7_000_000;
/** A preview counts up to a million dead letters, in milliseconds. */
const PREVIEW_MS = 60_000;

const notDead = defineProblem({
  code: 'not-dead',
  status: 409,
  title: 'The dead letter is on its way again, or discarded.',
});
const overlapping = defineProblem({
  code: 'jobs-overlap',
  status: 409,
  title: 'Another job has some of these dead letters before it.',
});
const bodyRefused = defineProblem({ code: 'body-refused', status: 422, title: 'No consumer would take this body.' });

const rate = Type.Integer({ minimum: 1, maximum: 100_000, description: 'The most messages a second.' });
const beside = Type.Boolean({
  description: 'Begins even where another job has some of these before it: each takes effect once all the same.',
});
const share = Type.Number({
  minimum: 0,
  maximum: 1,
  description: 'Stops itself when more than this share of what it sent fails again; below 1 some go first. 1: never.',
});

/** What a bulk action would do. */
const preview = Type.Object({
  total: Type.Integer({ minimum: 0, description: 'Open dead letters it is for.' }),
  by_origin: Type.Array(Type.Object({ origin: nullable(text), count })),
  by_reason: Type.Array(Type.Object({ reason: text, error_code: text, count })),
  already_stored: Type.Integer({
    minimum: 0,
    description: 'Of these: in the endput already; nothing changes.',
  }),
  perhaps_unreadable: Type.Integer({ minimum: 0, description: 'Of these: `invalid`, and never edited.' }),
  not_dead: Type.Integer({ minimum: 0, description: 'Named, and no longer open, or unknown.' }),
  canary: Type.Integer({ minimum: 0, description: 'How many would go before the others.' }),
  seconds: nullable(Type.Integer({ description: 'How long sending takes at this rate; null without one.' })),
  max_attempts: Type.Integer({ description: 'How often a message is attempted where neither it nor a redrive says.' }),
  waits_ms: Type.Array(Type.Integer(), {
    description:
      'How long the waits before the 1st, 2nd, … attempt of a message take together, at most. With a canary they may be waited for twice.',
  }),
});

type Parts = Pick<Console, 'pipelines'>;

/** `PUT …/dead-letters/:message_id/body`, `POST …/dead-letters/preview`, `/redrives` and `/discards`. */
export function addRepair(app: App, console: Parts): void {
  addEdit(app, console);
  addPreview(app, console);
  addRedrives(app, console);
  addDiscards(app, console);
}

function addEdit(app: App, { pipelines }: Parts): void {
  app.put('/dead-letters/:message_id/body', {
    bodyLimit: BODY_LIMIT,
    schema: {
      operationId: 'editDeadLetter',
      tags,
      summary: 'Give a dead letter another body',
      description:
        'Before a redrive. A consumer must be able to read it, and it must stay the message it is; the bytes that died first are kept.',
      params: Type.Object({ ...inPath, message_id: messageId }, closed),
      body: Type.Object({ body: Type.String({ minLength: 1, maxLength: 1_000_000 }), why }, closed),
      response: { 200: deadLetter, ...problemResponses(...REFUSED, noDeadLetter, notDead, bodyRefused) },
    },
    handler: async (request) => {
      const { pipeline, message_id: id } = request.params;
      const { endput, redrivable } = pipelineOf(pipelines, pipeline);
      const { body, why: reason } = request.body;
      const edit = { messageId: id, body: Buffer.from(body), by: callerNamed(request), why: reason };
      return deadLetterOf(redrivable.pipeline, edited(id, await editBody(endput, redrivable, edit)));
    },
  });
}

function edited(id: string, answer: Edited) {
  switch (answer.kind) {
    case 'edited':
      return answer.deadLetter;
    case 'unknown':
      throw noDeadLetter(`There is no dead letter ${id}.`);
    case 'not-dead':
      throw notDead(`${id} is ${answer.state}: only a dead letter that is open can be edited.`);
    case 'refused':
      throw bodyRefused(answer.problem.message, {
        problem_code: answer.problem.code,
        ...placed('body', '/body', answer.problem.message),
      });
  }
}

function addPreview(app: App, { pipelines }: Parts): void {
  app.post('/dead-letters/preview', {
    config: { access: 'viewer' },
    bodyLimit: BODY_LIMIT,
    handlerTimeout: PREVIEW_MS,
    schema: {
      operationId: 'previewJob',
      tags,
      summary: 'What a redrive or a discard would do',
      description: 'Counts, and changes nothing.',
      params,
      body: Type.Object(
        {
          action: Type.Enum(['redrive', 'discard']),
          selection,
          rate_per_second: Type.Optional(rate),
          stop_at_failed_share: Type.Optional(share),
        },
        closed,
      ),
      response: { 200: preview, ...refusals },
    },
    handler: async ({ params: { pipeline }, body }) => {
      const { endput, redrivable, retries } = pipelineOf(pipelines, pipeline);
      const { rate_per_second: ratePerSecond, stop_at_failed_share: stopAtFailedShare } = body;
      const { byOrigin, byReason, ...rest } = await previewJob(endput, redrivable, {
        action: body.action,
        selection: selectionOf(body.selection),
        ...present({ ratePerSecond, stopAtFailedShare }),
      });
      const { maxAttempts, waitsMs } = retries;
      return {
        ...snake(rest),
        ...{ by_origin: byOrigin.map(snake), by_reason: byReason.map(snake) },
        ...{ max_attempts: maxAttempts, waits_ms: [...waitsMs] },
      };
    },
  });
}

const redriveBody = Type.Object(
  {
    selection,
    rate_per_second: Type.Optional(rate),
    stop_at_failed_share: Type.Optional(share),
    max_attempts: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    beside: Type.Optional(beside),
    why,
  },
  closed,
);

function addRedrives(app: App, { pipelines }: Parts): void {
  app.post('/dead-letters/redrives', {
    bodyLimit: BODY_LIMIT,
    schema: {
      operationId: 'redrive',
      tags,
      summary: 'Send dead letters back to their lane',
      description:
        'Starts a job on the server. What is stored already, or no longer dead, is left as it is: nothing takes effect twice.',
      params,
      body: redriveBody,
      response: { 202: jobSchema, ...refusals, ...problemResponses(overlapping) },
    },
    handler: async (request, reply) => {
      const { rate_per_second, stop_at_failed_share, max_attempts, ...rest } = request.body;
      return reply.code(202).send(
        await started(pipelines, request.params.pipeline, {
          action: 'redrive',
          selection: selectionOf(rest.selection),
          by: callerNamed(request),
          why: rest.why,
          ...present({
            ratePerSecond: rate_per_second,
            stopAtFailedShare: stop_at_failed_share,
            maxAttempts: max_attempts,
            beside: rest.beside,
          }),
        }),
      );
    },
  });
}

function addDiscards(app: App, { pipelines }: Parts): void {
  app.post('/dead-letters/discards', {
    bodyLimit: BODY_LIMIT,
    schema: {
      operationId: 'discard',
      tags,
      summary: 'Give dead letters up for good',
      description: 'Starts a job on the server. They stay in the table, with who discarded them and why.',
      params,
      body: Type.Object(
        { selection, rate_per_second: Type.Optional(rate), beside: Type.Optional(beside), why },
        closed,
      ),
      response: { 202: jobSchema, ...refusals, ...problemResponses(overlapping) },
    },
    handler: async (request, reply) => {
      const { selection: wanted, rate_per_second: ratePerSecond, beside: isBeside, why: reason } = request.body;
      const who = { by: callerNamed(request), why: reason };
      const what = {
        action: 'discard',
        selection: selectionOf(wanted),
        ...present({ ratePerSecond, beside: isBeside }),
      } as const;
      return reply.code(202).send(await started(pipelines, request.params.pipeline, { ...what, ...who }));
    },
  });
}

async function started(pipelines: Parts['pipelines'], name: string, job: NewJob) {
  const made = await createJob(pipelineOf(pipelines, name).endput, name, job).catch((error: unknown) => {
    if (!(error instanceof JobsOverlap)) throw error;
    throw overlapping(error.message, { jobs: error.overlaps.map(snake) });
  });
  return jobOf(made);
}
