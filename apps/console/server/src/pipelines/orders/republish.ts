import type { FastifyBaseLogger } from 'fastify';
import { recordAction } from '@esteira/dead-letters';
import {
  callerNamed,
  defineProblem,
  dependencyUnavailable,
  invalidRequest,
  problemResponses,
  type App,
} from '@esteira/http';
import { ordersPipeline } from '@esteira/orders/domain';
import {
  previewRepublish,
  republishKept,
  RepublishingStopped,
  type KeptRow,
  type Republished,
} from '@esteira/reconciliation';
import { Type } from 'typebox';
import type { OrdersParts } from './parts.ts';
import { byId, kept, noReconciliation } from './kept-reconciliation.ts';
import { previewOf, republishedSchema, republishPreviewSchema } from './reconciliation-schemas.ts';
import { closed, why } from '../../schemas.ts';

const tags = ['reconciliation'];
const pipeline = ordersPipeline.name;
const withOne = problemResponses(invalidRequest, noReconciliation, dependencyUnavailable);
const notFinished = defineProblem({ code: 'not-finished', status: 409, title: 'The reconciliation has no result.' });
/** A million rows take a while, in milliseconds. */
const LONG_MS = 3_600_000;

type Parts = Pick<OrdersParts, 'endput' | 'reconciling'>;

/** `GET|POST …/reconciliations/:id/republish`. */
export function addRepublish(app: App, console: Parts): void {
  addPreview(app, console);
  addSending(app, console);
}

function addPreview(app: App, { endput }: Parts): void {
  app.get('/reconciliations/:id/republish', {
    schema: {
      operationId: 'previewRepublish',
      tags,
      summary: 'What publishing the missing rows again would be for',
      description: 'How many, of which systems, and the first few. Changes nothing.',
      params: byId,
      response: { 200: republishPreviewSchema, ...withOne, ...problemResponses(notFinished) },
    },
    handler: async ({ params: { id } }) => {
      await finished(endput, id);
      return previewOf(await previewRepublish(endput, id));
    },
  });
}

async function finished(endput: Parts['endput'], id: string): Promise<void> {
  const { state } = await kept(endput, id);
  if (state !== 'finished') throw notFinished(`Reconciliation ${id} is ${state}: what it lists may not be missing.`);
}

function addSending(app: App, { endput, reconciling }: Parts): void {
  app.post('/reconciliations/:id/republish', {
    handlerTimeout: LONG_MS,
    schema: {
      operationId: 'republish',
      tags,
      summary: 'Publish the missing rows again',
      description: 'All of them; one that is not missing after all is recognised by its id. Again: goes on.',
      params: byId,
      body: Type.Object({ why }, closed),
      response: { 200: republishedSchema, ...withOne, ...problemResponses(notFinished) },
    },
    handler: async (request) => {
      const { id } = request.params;
      const { why: reason } = request.body;
      const by = callerNamed(request);
      await finished(endput, id);
      const sentBy = { by, why: reason, reconciliation: id };
      const republish = (rows: readonly KeptRow[]) => reconciling.republish(rows, sentBy);
      const record = (
        { confirmed, unroutable, refused, gone }: Republished,
        more: { readonly stopped?: string } = {},
      ) =>
        recordAction(endput, {
          ...{ pipeline, by, action: 'republish', why: reason },
          details: { reconciliation: id, confirmed, unroutable, refused, gone, ...more },
        });
      try {
        const result = await republishKept(endput, id, { by, why: reason, republish });
        await record(result);
        return { ...result };
      } catch (error) {
        if (!(error instanceof RepublishingStopped)) throw error;
        await record(error.done, { stopped: error.message }).catch(untold(request.log));
        throw error.cause;
      }
    },
  });
}

/** What ended it is told to the caller, even where the history can't be. */
const untold = (log: FastifyBaseLogger) => (err: unknown) => {
  log.error({ err }, 'the history does not tell what was published again by then');
};
