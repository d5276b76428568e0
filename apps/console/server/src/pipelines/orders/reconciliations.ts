import { Readable } from 'node:stream';
import { recordAction } from '@esteira/dead-letters';
import {
  callerNamed,
  defineProblem,
  dependencyUnavailable,
  invalidRequest,
  optionalBody,
  problemResponses,
  type App,
} from '@esteira/http';
import { ordersPipeline } from '@esteira/orders/domain';
import { CONTENT_FIELDS } from '@esteira/orders/reconciliation';
import { present } from '@esteira/pipeline';
import {
  exportAsJson,
  exportRowsAsCsv,
  LISTED_KINDS,
  listReconciliations,
  reconciliationDays,
  reconciliationRows,
} from '@esteira/reconciliation';
import { Type } from 'typebox';
import type { OrdersParts } from './parts.ts';
import { byId, kept, noReconciliation } from './kept-reconciliation.ts';
import {
  dayOf,
  daySchema,
  reconciliationOf,
  reconciliationSchema,
  rowOf,
  rowSchema,
} from './reconciliation-schemas.ts';
import { closed, PAGE_ITEMS, pageOf, pageView, paging, sought, text } from '../../schemas.ts';
import { addRepublish } from './republish.ts';

const tags = ['reconciliation'];
const refusals = problemResponses(invalidRequest, dependencyUnavailable);
const withOne = problemResponses(invalidRequest, noReconciliation, dependencyUnavailable);
const pipeline = ordersPipeline.name;
/** A million rows take a while, in milliseconds. */
const LONG_MS = 3_600_000;

const alreadyReconciling = defineProblem({
  code: 'already-reconciling',
  status: 409,
  title: 'A reconciliation is on its way.',
});

type Parts = Pick<OrdersParts, 'endput' | 'reconciling'>;

/** `GET|POST …/reconciliations`, `GET /:id`, `/:id/rows`, `/:id/export`, and `GET|POST /:id/republish`. */
export function addReconciliations(app: App, console: Parts): void {
  addStart(app, console);
  addLists(app, console);
  addRows(app, console);
  addExport(app, console);
  addRepublish(app, console);
}

function addStart(app: App, { reconciling, endput }: Parts): void {
  app.post('/reconciliations', {
    schema: {
      operationId: 'reconcile',
      tags,
      summary: 'Reconcile',
      description: 'Compares every row of every source with where it came to rest. Reads only; one at a time.',
      body: Type.Object({}, closed),
      ...optionalBody,
      response: { 202: Type.Object({ id: text }), ...refusals, ...problemResponses(alreadyReconciling) },
    },
    handler: async (request, reply) => {
      const by = callerNamed(request);
      const started = await reconciling.start(by);
      if (started.kind === 'claimed') {
        await recordAction(endput, { pipeline, by, action: 'reconcile', details: { reconciliation: started.id } });
        return reply.code(202).send({ id: started.id });
      }
      const running = 'id' in started ? { id: started.id } : {};
      throw alreadyReconciling('A reconciliation is on its way: wait for its result.', running);
    },
  });
}

function addLists(app: App, { endput }: Parts): void {
  app.get('/reconciliations', {
    schema: {
      operationId: 'reconciliations',
      tags,
      summary: 'The last reconciliations',
      description: 'The newest first; the last 20 are kept.',
      querystring: Type.Object(paging, closed),
      response: { 200: pageOf(reconciliationSchema), ...refusals },
    },
    handler: async ({ query: { limit = PAGE_ITEMS, cursor } }) => {
      return pageView(await listReconciliations(endput, pipeline, { limit, ...present({ cursor }) }), reconciliationOf);
    },
  });
  app.get('/reconciliations/:id', {
    schema: {
      operationId: 'reconciliation',
      tags,
      summary: 'One reconciliation',
      description: 'How far it is, or its result by system, and by system and day.',
      params: byId,
      response: {
        200: Type.Intersect([reconciliationSchema, Type.Object({ days: Type.Array(daySchema) })]),
        ...withOne,
      },
    },
    handler: async ({ params: { id } }) => {
      const found = await kept(endput, id);
      return { ...reconciliationOf(found), days: (await reconciliationDays(endput, id)).map(dayOf) };
    },
  });
}

function addRows(app: App, { endput }: Parts): void {
  app.get('/reconciliations/:id/rows', {
    schema: {
      operationId: 'reconciliationRows',
      tags,
      summary: 'Rows that do not add up',
      description: 'Of one kind, by system and id.',
      params: byId,
      querystring: Type.Object(
        {
          kind: Type.Enum([...LISTED_KINDS]),
          system: Type.Optional(sought('A system.')),
          day: Type.Optional(
            Type.String({
              title: 'a day like 2026-01-31, or `unknown`',
              pattern: '^([0-9]{4,6}-[0-9]{2}-[0-9]{2}|unknown)$',
              description: 'UTC.',
            }),
          ),
          ...paging,
        },
        closed,
      ),
      response: { 200: pageOf(rowSchema), ...withOne },
    },
    handler: async ({ params: { id }, query: { kind, limit = PAGE_ITEMS, ...rest } }) => {
      await kept(endput, id);
      return pageView(await reconciliationRows(endput, id, { kind, limit, ...present(rest) }), rowOf);
    },
  });
}

function addExport(app: App, { endput }: Parts): void {
  app.get('/reconciliations/:id/export', {
    handlerTimeout: LONG_MS,
    schema: {
      operationId: 'exportReconciliation',
      tags,
      summary: 'A reconciliation as a file',
      description: 'CSV: the rows that do not add up. JSON: the counts by system and day too.',
      params: byId,
      querystring: Type.Object({ format: Type.Optional(Type.Enum(['csv', 'json'])) }, closed),
      response: {
        200: {
          description: 'The file.',
          content: { 'application/json': { schema: Type.Unknown() }, 'text/csv': { schema: Type.String() } },
        },
        ...withOne,
      },
    },
    handler: async ({ params: { id }, query: { format = 'json' } }, reply) => {
      const found = await kept(endput, id);
      const lines: unknown = Readable.from(
        format === 'csv' ? exportRowsAsCsv(endput, id, CONTENT_FIELDS) : exportAsJson(endput, found, CONTENT_FIELDS),
      );
      return reply
        .header('content-disposition', `attachment; filename="reconciliation.${format}"`)
        .type(format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json; charset=utf-8')
        .send(lines);
    },
  });
}
