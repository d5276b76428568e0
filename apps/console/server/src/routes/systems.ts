import { recordAction } from '@esteira/dead-letters';
import {
  callerNamed,
  defineProblem,
  dependencyUnavailable,
  invalidRequest,
  noSuch,
  optionalBody,
  placed,
  problemResponses,
  type App,
  type Problem,
} from '@esteira/http';
import { ordersPipeline } from '@esteira/orders/domain';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Console, ConsoleSystem } from '../console.ts';
import { explained } from '../explained.ts';
import { closed, text } from '../schemas.ts';

const tags = ['systems'];
const bySystem = Type.Object({ system: Type.String({ maxLength: 31, description: 'Its name.' }) }, closed);

const alreadyRunning = defineProblem({ code: 'already-running', status: 409, title: 'A run is on its way.' });
const inError = defineProblem({
  code: 'in-error',
  status: 409,
  title: 'The last run ended in an error that needs a person: unblock or clear.',
});
const badGateway = defineProblem({
  code: 'api-refused',
  status: 502,
  title: 'The API of the system refused for a reason of its own.',
});
/** What an orders API may refuse with on purpose. */
const PASSED_ON: readonly Problem[] = [alreadyRunning, inError, dependencyUnavailable];
const noSystem = noSuch('system');
const refusals = problemResponses(invalidRequest, noSystem, ...PASSED_ON, badGateway);

/** `POST /v0/systems/:system/run|stop|unblock|clear`: what the orders API of the system is asked to do. */
export function addSystems(app: App, console: Pick<Console, 'systems' | 'endput' | 'logger'>): void {
  app.post('/v0/systems/:system/run', {
    schema: {
      operationId: 'runSystem',
      tags,
      summary: 'Publish what is waiting',
      description: 'Starts a run; with `follow` it goes on with the rows that come, until it is stopped.',
      params: bySystem,
      body: Type.Object(
        {
          max_attempts: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
          follow: Type.Optional(Type.Boolean()),
        },
        { ...closed, examples: [{ follow: true }] },
      ),
      ...optionalBody,
      response: { 202: Type.Object({ system: text, run_id: text }), ...refusals },
    },
    handler: async (request, reply) => {
      const { run_id } = await forward<{ run_id: string }>(console, request, 'run', request.body);
      return reply.code(202).send({ system: request.params.system, run_id });
    },
  });
  addStop(app, console);
  addUnblock(app, console);
  addClear(app, console);
}

type Parts = Pick<Console, 'systems' | 'endput' | 'logger'>;

function addStop(app: App, console: Parts): void {
  app.post('/v0/systems/:system/stop', {
    schema: {
      operationId: 'stopSystem',
      tags,
      summary: 'Stop the run',
      description: 'After the page at hand. The cursor stays where it is.',
      params: bySystem,
      body: Type.Object({}, closed),
      ...optionalBody,
      response: { 200: Type.Object({ system: text, stopped: Type.Boolean() }), ...refusals },
    },
    handler: (request) => forward<{ system: string; stopped: boolean }>(console, request, 'stop', {}),
  });
}

function addUnblock(app: App, console: Parts): void {
  app.post('/v0/systems/:system/unblock', {
    schema: {
      operationId: 'unblockSystem',
      tags,
      summary: 'Leave the error',
      description: 'Keeps the cursor, so that a run may be started again.',
      params: bySystem,
      body: Type.Object({}, closed),
      ...optionalBody,
      response: { 200: Type.Object({ system: text, unblocked: Type.Boolean() }), ...refusals },
    },
    handler: (request) => forward<{ system: string; unblocked: boolean }>(console, request, 'unblock', {}),
  });
}

function addClear(app: App, console: Parts): void {
  app.post('/v0/systems/:system/clear', {
    schema: {
      operationId: 'clearSystem',
      tags,
      summary: 'Delete the cursor',
      description: 'The next run publishes everything again; what is at rest is recognised. Asks for the name, typed.',
      params: bySystem,
      body: Type.Object(
        { confirm: Type.String({ maxLength: 31, description: 'The name of the system.' }) },
        { ...closed, examples: [{ confirm: 'system-1' }] },
      ),
      response: { 200: Type.Object({ system: text, cleared: Type.Literal(true) }), ...refusals },
    },
    handler: async (request) => {
      const { system } = systemOf(console, request.params.system);
      if (request.body.confirm !== system) {
        throw invalidRequest(`confirm must be ${system}.`, placed('body', '/confirm', `must be ${system}`));
      }
      return forward<{ system: string; cleared: true }>(console, request, 'clear', {});
    },
  });
}

type Action = 'run' | 'stop' | 'unblock' | 'clear';

/** Asks the API of the system, and writes down who did. A refusal is passed on as it is. */
async function forward<T>(
  console: Parts,
  request: FastifyRequest<{ Params: { system: string } }>,
  action: Action,
  body: object,
): Promise<T> {
  const by = callerNamed(request);
  const { system, api } = systemOf(console, request.params.system);
  const response = await api.post(`/v0/process/${action}`, body).catch((error: unknown) => {
    throw dependencyUnavailable(`The API of ${system} does not answer: ${explained(error)}.`);
  });
  const answer = (await response.json()) as T & { code?: string; detail?: string };
  if (!response.ok) {
    const refusal = PASSED_ON.find(({ code }) => code === answer.code) ?? badGateway;
    throw refusal(answer.detail ?? `The API of ${system} answered ${response.status}.`);
  }
  const details = { system, ...body };
  // The system has done it: an endput that is away is no reason to say otherwise.
  await recordAction(console.endput, { pipeline: ordersPipeline.name, by, action, details }).catch((err: unknown) => {
    console.logger.warn({ err, by, action, ...details }, 'an action could not be written into the history');
  });
  return answer;
}

function systemOf({ systems }: Pick<Console, 'systems'>, name: string): { system: string; api: ConsoleSystem['api'] } {
  const system = systems.find((one) => one.name === name);
  if (system !== undefined) return { system: name, api: system.api };
  throw noSystem(`There is no system of this name; there are ${systems.map((one) => one.name).join(', ')}.`);
}
