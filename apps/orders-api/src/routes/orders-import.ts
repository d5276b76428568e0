import type { Readable } from 'node:stream';
import {
  addScope,
  defineProblem,
  dependencyUnavailable,
  invalidRequest,
  placed,
  problemResponses,
  shuttingDown,
  unsupportedMediaType,
  validateAllButBody,
  type App,
} from '@esteira/http';
import { importRefusals, type ImportState } from '@esteira/orders/source';
import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import type { OrdersApi } from '../api.ts';
import { openBody } from '../import/body.ts';
import { columnsNotFound } from '../import/file.ts';
import { importFile, importInProgress, keyReused, type ImportRequest } from '../import/import-file.ts';
import { bodyIncomplete, bodyNotGzip, interruption } from '../import/interruption.ts';
import { importBody, importHeaders, importQuery, importResult, REFUSED_INLINE } from './import-schemas.ts';

const tooManyImports = defineProblem({
  code: 'too-many-imports',
  status: 503,
  title: 'As many files as this service imports at once are being imported.',
  retryAfterSeconds: 10,
});

/** Each holds up to two connections to Postgres. */
const MAX_IMPORTS = 4;
/** The longest import of one request, in milliseconds; a keyed one goes on with the next request. */
const HANDLER_TIMEOUT_MS = 6 * 3_600_000;
/** A file, as it comes over the network, in bytes. */
const MAX_BODY_BYTES = 16 * 2 ** 30;

const FORMATS: Readonly<Record<string, 'csv' | 'ndjson'>> = {
  'text/csv': 'csv',
  'application/x-ndjson': 'ndjson',
};
const TYPES = [...Object.keys(FORMATS), 'application/gzip', 'application/octet-stream'];
const ENCODINGS = ['gzip', 'x-gzip', 'identity'];

/** `POST /v0/orders/import`. */
export function addOrdersImport(app: App, api: OrdersApi): void {
  addScope(app, (scope) => {
    scope.removeAllContentTypeParsers();
    // The body is handed on as it comes.
    scope.addContentTypeParser(TYPES, (_request, payload, done) => {
      done(null, payload);
    });
    addRoute(scope, api);
  });
}

function addRoute(app: App, api: OrdersApi): void {
  let atWork = 0;
  app.post('/v0/orders/import', {
    handlerTimeout: HANDLER_TIMEOUT_MS,
    bodyLimit: MAX_BODY_BYTES,
    validatorCompiler: validateAllButBody,
    schema: {
      operationId: 'importOrders',
      tags: ['orders'],
      summary: 'Import a file of orders',
      description: DESCRIPTION,
      consumes: TYPES,
      headers: importHeaders,
      querystring: importQuery,
      body: importBody(TYPES),
      response: { 201: importResult, ...problemResponses(...PROBLEMS) },
    },
    handler: async (request, reply) => {
      const importRequest = requestOf(
        request.query,
        request.headers['idempotency-key'],
        request.headers['content-type'],
      );
      refuseEncoding(request);
      if (atWork >= MAX_IMPORTS) throw tooManyImports(`${atWork} files are being imported. Try again in a while.`);
      atWork += 1;
      try {
        const state = await importOne(api, request.body as Readable | undefined, importRequest);
        return await reply.code(201).send(await resultOf(api, state));
      } finally {
        atWork -= 1;
      }
    },
  });
}

async function importOne(api: OrdersApi, body: Readable | undefined, request: ImportRequest): Promise<ImportState> {
  if (body === undefined)
    throw invalidRequest('There is no body. Send the file as the body.', placed('body', '', 'is missing'));
  const started = performance.now();
  try {
    const state = await importFile(api.postgres, await openBody(body, api.stopping), request);
    const { importId, positive, negative, refused } = state;
    const durationMs = Math.round(performance.now() - started);
    api.logger.info({ import_id: importId, positive, negative, refused, duration_ms: durationMs }, 'imported a file');
    return state;
  } catch (error) {
    throw interruption(error);
  }
}

function requestOf(query: Static<typeof importQuery>, key: string | undefined, contentType = ''): ImportRequest {
  const { product = 'product', price = 'price', created_at: createdAt } = query;
  const format = FORMATS[contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''];
  const delimiter = query.delimiter === '\\t' || query.delimiter === 'tab' ? '\t' : query.delimiter;
  return {
    mapping: {
      product,
      price,
      createdAt: createdAt ?? 'created_at',
      createdAtRequired: createdAt !== undefined,
    },
    ...(format === undefined ? {} : { format }),
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(key === undefined ? {} : { key }),
  };
}

function refuseEncoding({ headers }: FastifyRequest): void {
  const encoding = headers['content-encoding']?.trim().toLowerCase();
  if (encoding === undefined || ENCODINGS.includes(encoding)) return;
  const detail = `Content-Encoding ${encoding} is not known here. Send gzip, or nothing packed.`;
  throw unsupportedMediaType(detail, placed('headers', '/content-encoding', 'is not known here'));
}

async function resultOf({ postgres }: OrdersApi, state: ImportState): Promise<Static<typeof importResult>> {
  const { importId, positive, negative, refused } = state;
  return {
    import_id: importId,
    imported: positive + negative,
    positive,
    negative,
    refused: {
      count: refused,
      rows: refused === 0 ? [] : await importRefusals(postgres, importId, 0, REFUSED_INLINE),
      all: `/v0/orders/import/${importId}/refused`,
    },
  };
}

const PROBLEMS = [
  invalidRequest,
  columnsNotFound,
  bodyIncomplete,
  bodyNotGzip,
  importInProgress,
  unsupportedMediaType,
  keyReused,
  dependencyUnavailable,
  shuttingDown,
  tooManyImports,
];

const DESCRIPTION = `Streams a file into the source. CSV with a header line (quoted fields, any delimiter, a byte order mark) or NDJSON, plain or gzip; a file of 500 MB takes no more memory than one of 5 MB.

A row that can't be imported is refused with its line number and the reason; the others are imported. A row whose price is not above zero, or whose product is blank, is imported with \`security_check\` false: it will become a dead letter. Prices have at most two decimal places; nothing is rounded.

With an \`Idempotency-Key\`, the same request again gets the first answer. One that was interrupted (the client went away, the process was killed) goes on where it stopped, and doubles nothing.`;
