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
import { present } from '@esteira/pipeline';
import type { Static } from 'typebox';
import { type Asked, askedBy, type RelayApi } from '@esteira/relay-api';
import { openBody, type BodyType, type OpenBody } from '../import/body.ts';
import { FILE_TYPES, FORM } from '../import/content-type.ts';
import { columnsNotFound } from '../import/csv-file.ts';
import { previewFile, type Preview } from '../import/dry-run.ts';
import {
  importFile,
  ImportInterrupted,
  importInProgress,
  keyReused,
  type ImportRequest,
} from '../import/import-file.ts';
import { bodyIncomplete, bodyNotGzip, formRefused, interruption } from '../import/interruption.ts';
import { notText } from '../import/not-text.ts';
import { bodyTypeOf, refuseUnknown, requestOf, withType } from './import-request.ts';
import {
  dryRunResult,
  importBody,
  importHeaders,
  importQuery,
  importResult,
  REFUSED_INLINE,
} from './import-schemas.ts';

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

/** `POST /v0/orders/import`. */
export function addOrdersImport(app: App, api: RelayApi): void {
  addScope(app, (scope) => {
    scope.removeAllContentTypeParsers();
    // The body is handed on as it comes.
    scope.addContentTypeParser([...FILE_TYPES, FORM], (_request, payload, done) => {
      done(null, payload);
    });
    // What curl says where nothing is said.
    scope.addContentTypeParser('application/x-www-form-urlencoded', (_request, payload, done) => {
      payload.resume();
      done(unsupportedMediaType(UNSAID, placed('headers', '/content-type', 'is not that of a file')));
    });
    addRoute(scope, api);
  });
}

const UNSAID =
  "application/x-www-form-urlencoded is what curl says where no type is given. Give one, -H 'content-type: text/csv', or send the file as a form: curl -F file=@orders.csv.";

function addRoute(app: App, api: RelayApi): void {
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
      consumes: [...FILE_TYPES, FORM],
      headers: importHeaders,
      querystring: importQuery,
      body: importBody(FILE_TYPES),
      response: { 200: dryRunResult, 201: importResult, ...problemResponses(...PROBLEMS) },
    },
    handler: async (request, reply) => {
      const { query, headers } = request;
      const asked = requestOf(query, headers['idempotency-key']);
      await refuseUnknown(api.postgres, headers['content-encoding'], query.time_zone);
      if (atWork >= MAX_IMPORTS) throw tooManyImports(`${atWork} files are being imported. Try again in a while.`);
      atWork += 1;
      try {
        const said = bodyTypeOf(query, headers['content-type']);
        const read = <T>(work: (body: OpenBody) => Promise<T>) => readBody(api, request.body, said, work);
        if (query.dry_run === true) {
          const preview = await read((body) => previewFile(api.postgres, body, withType(asked, body)));
          return await reply.code(200).send(previewOf(preview, asked));
        }
        const by = askedBy(request);
        const state = await read((body) => importOne(api, body, withType(asked, body), by));
        return await reply.code(201).send(await resultOf(api, state));
      } finally {
        atWork -= 1;
      }
    },
  });
}

async function readBody<T>(
  api: RelayApi,
  body: unknown,
  said: BodyType,
  work: (body: OpenBody) => Promise<T>,
): Promise<T> {
  if (body === undefined)
    throw invalidRequest('There is no body. Send the file as the body.', placed('body', '', 'is missing'));
  try {
    return await work(await openBody(body as Readable, said, api.stopping));
  } catch (error) {
    throw interruption(error);
  }
}

async function importOne(api: RelayApi, body: OpenBody, request: ImportRequest, asked: Asked): Promise<ImportState> {
  const started = performance.now();
  const noted = (state: ImportState, how: { interrupted?: true; repeated?: true }) =>
    api.actions.done(asked, 'import', { ...noteOf(state), idempotency_key: request.key !== undefined, ...how });
  try {
    const { repeated, ...state } = await importFile(api.postgres, body, request);
    const durationMs = Math.round(performance.now() - started);
    api.logger.info({ ...noteOf(state), duration_ms: durationMs }, 'imported a file');
    await noted(state, present({ repeated }));
    return state;
  } catch (error) {
    // What was committed stays.
    if (error instanceof ImportInterrupted && error.state !== undefined && error.moved) {
      await noted(error.state, { interrupted: true });
    }
    throw error;
  }
}

function noteOf({ importId, positive, negative, refused }: ImportState) {
  return { import_id: importId, positive, negative, refused };
}

function previewOf(preview: Preview, { mapping }: ImportRequest): Static<typeof dryRunResult> {
  const { format, charset, header, positive, negative } = preview;
  const { product, price, createdAt } = mapping;
  const hasTime = header === undefined || header.createdAt !== undefined;
  return {
    dry_run: true,
    file: {
      format,
      charset,
      ...(header === undefined
        ? {}
        : { delimiter: header.delimiter, quote: header.quote, columns: [...header.columns] }),
    },
    columns: { product, price, created_at: hasTime ? createdAt : null },
    imported: positive + negative,
    positive,
    negative,
    orders: preview.orders.map(({ line, product: name, price: amount, createdAt: at, securityCheck }) => {
      return { line, product: name, price: amount, created_at: at, security_check: securityCheck };
    }),
    refused: { count: preview.refused, reasons: [...preview.rules] },
  };
}

async function resultOf({ postgres }: RelayApi, state: ImportState): Promise<Static<typeof importResult>> {
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
  formRefused,
  notText,
  importInProgress,
  unsupportedMediaType,
  keyReused,
  dependencyUnavailable,
  shuttingDown,
  tooManyImports,
];

const DESCRIPTION = `Streams a file into the source: CSV with a header line, or NDJSON, plain or gzip, as the body or as the one file of a form. A file of 500 MB takes no more memory than one of 5 MB. Lines end with LF, CRLF or CR, mixed too.

A row that can't be imported is refused with its line number and the reason; the others are imported. A row whose price is not above zero, or whose product is blank, is imported with \`security_check\` false: it will become a dead letter. Prices have at most two decimal places; nothing is rounded. What can be read in two ways (\`1,234\`, \`01/02/2024\`) is refused until the parameters say how.

See first what would happen with \`dry_run=true\`: it writes nothing.

With an \`Idempotency-Key\`, the same request again gets the first answer. One that was interrupted (the client went away, the process was killed) goes on where it stopped, and doubles nothing. The same key with another file, or with other parameters, is refused.`;
