import { invalidRequest, optionalBody, placed, problemResponses, type App } from '@esteira/http';
import { Type } from 'typebox';
import { closed, text } from '../../schemas.ts';
import { apiRefused, forward, forwardStop, noSystem, PASSED_ON, systemOf, type Parts } from './asked-system.ts';

const tags = ['systems'];
const bySystem = Type.Object({ system: Type.String({ maxLength: 31, description: 'Its name.' }) }, closed);

const refusals = problemResponses(invalidRequest, noSystem, ...PASSED_ON, apiRefused);

/** `POST …/systems/:system/run|stop|unblock|clear`: what the orders API of the system is asked to do. */
export function addSystems(app: App, console: Parts): void {
  app.post('/systems/:system/run', {
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

function addStop(app: App, console: Parts): void {
  app.post('/systems/:system/stop', {
    schema: {
      operationId: 'stopSystem',
      tags,
      summary: 'Stop the run',
      description: 'After the page at hand. The cursor stays where it is.',
      params: bySystem,
      body: Type.Object({}, closed),
      ...optionalBody,
      response: {
        200: Type.Object({ system: text, stopped: Type.Boolean() }),
        202: Type.Object(
          { system: text, stopping: Type.Literal(true) },
          { description: 'It was asked to, and takes longer than is waited for.' },
        ),
        ...refusals,
      },
    },
    handler: async (request, reply) => {
      const stopped = await forwardStop(console, request);
      return stopped ?? reply.code(202).send({ system: request.params.system, stopping: true });
    },
  });
}

function addUnblock(app: App, console: Parts): void {
  app.post('/systems/:system/unblock', {
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
  app.post('/systems/:system/clear', {
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
