import { recordAction } from '@esteira/dead-letters';
import {
  callerNamed,
  dependencyUnavailable,
  invalidRequest,
  noSuch,
  placed,
  problemResponses,
  type App,
} from '@esteira/http';
import { ordersPipeline } from '@esteira/orders/domain';
import { present } from '@esteira/pipeline';
import { addArchiving, listArchivings, withdrawArchiving } from '@esteira/reconciliation';
import { Type } from 'typebox';
import type { OrdersParts } from './parts.ts';
import { archivingOf, archivingSchema } from './reconciliation-schemas.ts';
import { bigint, closed, sought, why } from '../../schemas.ts';

const tags = ['reconciliation'];
const pipeline = ordersPipeline.name;
const refusals = problemResponses(invalidRequest, dependencyUnavailable);
const noArchiving = noSuch('archiving');

const DAY = Type.String({
  title: 'a day like 2026-01-31',
  format: 'date',
  pattern: '^[12][0-9]{3}-',
  description: 'Rows made before it, UTC.',
  examples: ['2026-01-01'],
});

const said = Type.Object(
  { system: sought('A system.'), before_day: Type.Optional(DAY), up_to_id: Type.Optional(bigint), why },
  {
    ...closed,
    title: 'a system with before_day, up_to_id or both',
    minProperties: 3,
    examples: [{ system: 'system-1', before_day: '2026-01-01', why: 'older than a year' }],
  },
);

type Parts = Pick<OrdersParts, 'endput' | 'systems'>;

/** `GET|POST …/archivings`, `POST …/archivings/:id/withdraw`. */
export function addArchivings(app: App, console: Parts): void {
  addList(app, console);
  addNew(app, console);
  addWithdraw(app, console);
}

function addList(app: App, { endput }: Parts): void {
  app.get('/archivings', {
    schema: {
      operationId: 'archivings',
      tags,
      summary: 'What was archived at its source',
      description: 'All that somebody said, the newest first; what was taken back too.',
      response: { 200: Type.Object({ items: Type.Array(archivingSchema) }), ...refusals },
    },
    handler: async () => ({ items: (await listArchivings(endput, pipeline)).map(archivingOf) }),
  });
}

function addNew(app: App, { endput, systems }: Parts): void {
  app.post('/archivings', {
    schema: {
      operationId: 'archive',
      tags,
      summary: 'Say that rows were archived at their source',
      description:
        'Reconciliations that begin later count them as `archived`, not as `orphan`. Rows that are newer, or have a higher id, still are. Changes nothing else.',
      body: said,
      response: { 201: archivingSchema, ...refusals },
    },
    handler: async (request, reply) => {
      const { system, before_day: beforeDay, up_to_id: upToId, why: reason } = request.body;
      const names = systems.map(({ name }) => name);
      if (!names.includes(system)) {
        const what = `must be one of ${names.join(', ')}`;
        throw invalidRequest(`In the body: system ${what}.`, placed('body', '/system', what));
      }
      const by = callerNamed(request);
      const rows = { system, ...present({ beforeDay, upToId }) };
      const made = await endput.transaction(async (sql) => {
        const archiving = await addArchiving(sql, pipeline, { ...rows, by, why: reason });
        const details = { archiving: archiving.id, system, before_day: beforeDay ?? null, up_to_id: upToId ?? null };
        await recordAction(sql, { pipeline, by, action: 'archived', why: reason, details });
        return archiving;
      });
      return reply.code(201).send(archivingOf(made));
    },
  });
}

function addWithdraw(app: App, { endput }: Parts): void {
  app.post('/archivings/:id/withdraw', {
    schema: {
      operationId: 'withdrawArchiving',
      tags,
      summary: 'Take back that rows were archived',
      description: 'Those that their source does not have are orphans again.',
      params: Type.Object(
        { id: Type.String({ title: 'the number of an archiving', pattern: '^[1-9][0-9]{0,17}$', examples: ['3'] }) },
        closed,
      ),
      body: Type.Object({ why }, closed),
      response: { 200: archivingSchema, ...refusals, ...problemResponses(noArchiving) },
    },
    handler: async (request) => {
      const { id } = request.params;
      const by = callerNamed(request);
      const withdrawn = await endput.transaction(async (sql) => {
        const found = await withdrawArchiving(sql, pipeline, id, by);
        if (found === undefined) throw noArchiving(`There is no archiving ${id} that counts.`);
        const details = { archiving: id, system: found.system };
        await recordAction(sql, { pipeline, by, action: 'archived-withdrawn', why: request.body.why, details });
        return found;
      });
      return archivingOf(withdrawn);
    },
  });
}
