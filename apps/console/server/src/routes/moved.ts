import type { App } from '@esteira/http';

/** What had an address of its own when there was one pipeline: all of it was of orders. */
const MOVED = ['overview', 'messages', 'dead-letters', 'jobs', 'history', 'reconciliations', 'archivings'];

/** Shows the way to what moved: `GET /v0/jobs/7` is `/v0/pipelines/orders/jobs/7` now. */
export function addMoved(app: App): void {
  for (const part of MOVED) {
    for (const url of [`/v0/${part}`, `/v0/${part}/*`]) {
      app.get(url, {
        schema: { hide: true },
        handler: async (request, reply) => reply.redirect(request.url.replace(/^\/v0/, '/v0/pipelines/orders'), 308),
      });
    }
  }
}
