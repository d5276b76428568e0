import {
  defineProblem,
  dependencyUnavailable,
  invalidRequest,
  optionalBody,
  problemResponses,
  type App,
} from '@esteira/http';
import type { RunRefusal } from '@esteira/relay';
import { Type } from 'typebox';
import { askedBy } from './actions.ts';
import type { RelayApi } from './api.ts';
import { statusReader, statusSchema } from './status.ts';

const alreadyRunning = defineProblem({
  code: 'already-running',
  status: 409,
  title: 'A run of this system is on its way.',
});
const inError = defineProblem({
  code: 'in-error',
  status: 409,
  title: 'The last run ended in an error that needs a person: unblock or clear.',
});

const closed = { additionalProperties: false };
const runRequest = Type.Object(
  {
    max_attempts: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100, description: 'For the messages of this run; MAX_ATTEMPTS otherwise.' }),
    ),
    follow: Type.Optional(
      Type.Boolean({
        description:
          'Goes on with the rows that come, until it is stopped; also through restarts. By default the run ends at the watermark.',
      }),
    ),
  },
  { ...closed, examples: [{ max_attempts: 5 }] },
);
const nothing = Type.Object({}, closed);
const tags = ['process'];

/** `POST /v0/process/run|stop|clear|unblock` and `GET /v0/process/status`. */
export function addProcess(app: App, api: RelayApi): void {
  addRun(app, api);
  addStop(app, api);
  addClear(app, api);
  addUnblock(app, api);
  addStatus(app, api);
}

function addRun(app: App, { relay, system, maxAttempts, actions }: RelayApi): void {
  app.post('/v0/process/run', {
    schema: {
      operationId: 'run',
      tags,
      summary: 'Publish what is waiting',
      description: [
        'Starts a run in the background: it publishes the rows after the cursor, up to the watermark, and ends there.',
        'With `follow` it goes on with the rows that come, until it is stopped.',
        'One run at a time. A run whose process ends is taken up as it was asked for: by another API of the system, or by the same one when it is back, at the latest when its lease is over.',
      ].join(' '),
      body: runRequest,
      ...optionalBody,
      response: {
        202: Type.Object(
          { system: Type.String(), message: Type.Literal('Running process'), run_id: Type.String() },
          {
            description: 'The run has begun.',
            examples: [{ system, message: 'Running process', run_id: 'c1f0e9aa2b7d4c56a8a5d0b1d3f7e642' }],
          },
        ),
        ...problemResponses(invalidRequest, alreadyRunning, inError, dependencyUnavailable),
      },
    },
    handler: async (request, reply) => {
      const asked = askedBy(request);
      const { max_attempts: most = maxAttempts, follow = false } = request.body;
      const answer = await relay.run({ maxAttempts: most, follow });
      if (!answer.started) throw refused(answer.refusal);
      await actions.done(asked, 'run', { max_attempts: most, follow });
      return reply.code(202).send({ system, message: 'Running process', run_id: answer.runId });
    },
  });
}

function addStop(app: App, { relay, system, actions }: RelayApi): void {
  app.post('/v0/process/stop', {
    schema: {
      operationId: 'stop',
      tags,
      summary: 'Stop the run',
      description: [
        'Ends the run after the page at hand, whichever API of the system has it, and answers when it has ended.',
        'It is not taken up again. The cursor stays where it is.',
      ].join(' '),
      body: nothing,
      ...optionalBody,
      response: {
        200: Type.Object(
          { system: Type.String(), stopped: Type.Boolean({ description: 'False where no run was on its way.' }) },
          { examples: [{ system, stopped: true }] },
        ),
        ...problemResponses(invalidRequest, dependencyUnavailable),
      },
    },
    handler: async (request) => {
      // It takes its time, and has its effect even where nobody waits for the answer.
      const noted = actions.done(askedBy(request), 'stop');
      const { stopped } = await relay.stop();
      await noted;
      return { system, stopped };
    },
  });
}

function addClear(app: App, { relay, system, actions }: RelayApi): void {
  app.post('/v0/process/clear', {
    schema: {
      operationId: 'clear',
      tags,
      summary: 'Delete the cursor',
      description: 'The next run publishes everything again. What is at rest already is recognised.',
      body: nothing,
      ...optionalBody,
      response: {
        200: Type.Object(
          { system: Type.String(), cleared: Type.Literal(true) },
          { examples: [{ system, cleared: true }] },
        ),
        ...problemResponses(invalidRequest, alreadyRunning, dependencyUnavailable),
      },
    },
    handler: async (request) => {
      const asked = askedBy(request);
      const answer = await relay.clear();
      if (!answer.cleared) throw refused(answer.refusal);
      await actions.done(asked, 'clear');
      return { system, cleared: true as const };
    },
  });
}

function addUnblock(app: App, { relay, system, actions }: RelayApi): void {
  app.post('/v0/process/unblock', {
    schema: {
      operationId: 'unblock',
      tags,
      summary: 'Leave the error',
      description: 'Takes the cursor out of ERROR and keeps its position, so that a run may be started again.',
      body: nothing,
      ...optionalBody,
      response: {
        200: Type.Object(
          { system: Type.String(), unblocked: Type.Boolean({ description: 'False where there was no error.' }) },
          { examples: [{ system, unblocked: true }] },
        ),
        ...problemResponses(invalidRequest, dependencyUnavailable),
      },
    },
    handler: async (request) => {
      const asked = askedBy(request);
      const { unblocked } = await relay.unblock();
      await actions.done(asked, 'unblock');
      return { system, unblocked };
    },
  });
}

function addStatus(app: App, api: RelayApi): void {
  app.get('/v0/process/status', {
    schema: {
      operationId: 'status',
      tags,
      summary: 'Where the system stands',
      description: [
        'The cursor, the run, the rows behind it, and the watermark with what holds it back:',
        'a backend is ended by `pg_terminate_backend(pid)`, a prepared transaction by `ROLLBACK PREPARED`.',
        'While a run goes on, `behind` and `watermark` are up to 2 s old.',
      ].join(' '),
      response: { 200: statusSchema, ...problemResponses(dependencyUnavailable) },
    },
    handler: statusReader(api),
  });
}

function refused({ code, message, runId }: RunRefusal): Error {
  const extensions = runId === undefined ? {} : { run_id: runId };
  return (code === 'in-error' ? inError : alreadyRunning)(message, extensions);
}
