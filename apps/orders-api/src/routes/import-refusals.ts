import { Readable } from 'node:stream';
import { dependencyUnavailable, invalidRequest, notFound, problemResponses, type App } from '@esteira/http';
import { importExists, importRefusals } from '@esteira/orders/source';
import type { Sql } from '@esteira/postgres';
import { Type, type Static } from 'typebox';
import type { RelayApi } from '@esteira/relay-api';
import { refusedRow } from './import-schemas.ts';

const PAGE_ROWS = 1_000;
const UUID = '^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$';

/** `GET /v0/orders/import/:import_id/refused`. */
export function addImportRefusals(app: App, { postgres }: RelayApi): void {
  app.get('/v0/orders/import/:import_id/refused', {
    schema: {
      operationId: 'refusedRows',
      tags: ['orders'],
      summary: 'All rows that an import refused',
      description: 'By line, as NDJSON. While the import goes on, those refused so far.',
      params: Type.Object({ import_id: Type.String({ pattern: UUID, description: 'From the answer of the import.' }) }),
      response: {
        200: {
          description: 'A JSON object on each line.',
          content: { 'application/x-ndjson': { schema: refusedRow } },
        },
        ...problemResponses(invalidRequest, notFound, dependencyUnavailable),
      },
    },
    handler: async ({ params }, reply) => {
      const { import_id: importId } = params;
      if (!(await importExists(postgres, importId))) throw notFound(`There is no import ${importId}.`);
      const lines: unknown = Readable.from(refusalLines(postgres, importId));
      return reply.type('application/x-ndjson').send(lines as Static<typeof refusedRow>);
    },
  });
}

async function* refusalLines(sql: Sql, importId: string): AsyncGenerator<string> {
  for (let after = 0; ;) {
    const page = await importRefusals(sql, importId, after, PAGE_ROWS);
    if (page.length > 0) yield page.map((refusal) => `${JSON.stringify(refusal)}\n`).join('');
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE_ROWS) return;
    after = last.line;
  }
}
