import { dependencyUnavailable, invalidRequest, placed, problemResponses, shuttingDown, type App } from '@esteira/http';
import { InsertInterrupted, insertMadeUpOrders } from '@esteira/orders/source';
import { Type, type Static } from 'typebox';
import { type Asked, askedBy, classifyFault, type RelayApi } from '@esteira/relay-api';

/** Most rows one request inserts. */
const MAX_ROWS = 1_000_000;
/** For the most rows on a busy machine, in milliseconds. */
const HANDLER_TIMEOUT_MS = 600_000;

const counts = Type.Object(
  {
    positive_inserts: Type.Integer({ minimum: 0, maximum: MAX_ROWS, description: 'Orders that will succeed.' }),
    negative_inserts: Type.Integer({ minimum: 0, maximum: MAX_ROWS, description: 'Orders that will never succeed.' }),
  },
  { additionalProperties: false, examples: [{ positive_inserts: 700, negative_inserts: 300 }] },
);

/** `POST /v0/insert-data`. */
export function addInsertData(app: App, api: RelayApi): void {
  app.post('/v0/insert-data', {
    handlerTimeout: HANDLER_TIMEOUT_MS,
    schema: {
      operationId: 'insertData',
      tags: ['orders'],
      summary: 'Insert made-up orders',
      description: [
        'Inserts orders with plausible products and prices, both kinds mixed evenly.',
        'Positive ones have `security_check` true, negative ones false.',
        `One request inserts 1 to ${MAX_ROWS.toLocaleString('en')} orders, in transactions of at most 10,000.`,
        'They wait in the source until a run publishes them.',
      ].join(' '),
      body: counts,
      response: {
        201: { description: 'All were inserted.', ...counts },
        ...problemResponses(invalidRequest, dependencyUnavailable, shuttingDown),
      },
    },
    handler: async (request, reply) => {
      const { body } = request;
      const total = body.positive_inserts + body.negative_inserts;
      if (total < 1 || total > MAX_ROWS) {
        const detail = `positive_inserts + negative_inserts is ${total}; it must be 1 to ${MAX_ROWS}`;
        throw invalidRequest(`In the body: ${detail}.`, placed('body', '', detail));
      }
      await insert(api, body, askedBy(request));
      return reply.code(201).send(body);
    },
  });
}

async function insert(
  { postgres, stopping, actions }: RelayApi,
  body: Static<typeof counts>,
  asked: Asked,
): Promise<void> {
  const { positive_inserts: positive, negative_inserts: negative } = body;
  try {
    await insertMadeUpOrders(postgres, { positive, negative }, stopping);
  } catch (error) {
    if (error instanceof InsertInterrupted && error.inserted > 0) {
      await actions.done(asked, 'insert-data', { ...body, inserted: error.inserted });
    }
    throw interrupted(error, positive + negative);
  }
  await actions.done(asked, 'insert-data', body);
}

/** What was inserted stays, so the answer says how much that is. */
function interrupted(error: unknown, total: number): unknown {
  if (!(error instanceof InsertInterrupted)) return error;
  const { inserted, cause } = error;
  const detail = `${inserted} of ${total} orders were inserted, and stay. Ask for the others`;
  const fault = classifyFault(cause as Error);
  if (fault !== undefined) return dependencyUnavailable(`${detail}: ${fault.message}`, { inserted });
  return isAbort(cause) ? shuttingDown(`${detail} when the service is back.`, { inserted }) : cause;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
