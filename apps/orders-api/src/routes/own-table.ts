import { defineProblem, problemResponses, type App } from '@esteira/http';
import type { RelayApi } from '@esteira/relay-api';

const ownTable = defineProblem({
  code: 'own-table',
  status: 403,
  title: 'This system reads a table of its own, and nothing is ever written to it here.',
});

const WRITING = [
  { url: '/v0/insert-data', operationId: 'insertData', summary: 'Insert made-up orders' },
  { url: '/v0/orders/import', operationId: 'importOrders', summary: 'Import a file of orders' },
];

/** What writes orders, of a system with a table of the user: always refused, before the body is read. */
export function addWritingRefused(app: App, { system, source }: RelayApi): void {
  for (const { url, ...operation } of WRITING) {
    app.post(url, {
      onRequest: (_request, _reply, done) => {
        done(ownTable(`${system} reads ${source.table}. Orders come from the program that it belongs to.`));
      },
      schema: {
        ...operation,
        tags: ['orders'],
        description: 'Always refused: this system reads a table of its own (`SYSTEM<n>_TABLE`).',
        response: problemResponses(ownTable),
      },
      handler: () => undefined,
    });
  }
}
