import { join } from 'node:path';
import compress from '@fastify/compress';
import fastifyStatic from '@fastify/static';
import type { FastifyRequest } from 'fastify';
import type { App } from './app-type.ts';
import { addScope } from './scope.ts';

/** Answers are compressed from this size on, in bytes. */
const THRESHOLD = 1_024;
/** What is no view of a page, whatever a browser asks for there. */
const NO_VIEW = /^\/(v0|docs|redoc|health|metrics|assets)(\/|$)/;
const FOR_A_YEAR = 'public, max-age=31536000, immutable';

/** Compresses whatever is worth it. Before any route is added. */
export async function addCompression(app: App): Promise<void> {
  await app.register(compress, { global: true, threshold: THRESHOLD, encodings: ['br', 'gzip'] });
}

/**
 * Serves a page that was built into `directory`. What is below `assets/` has a hash in its name and is kept by browsers
 * for a year; `index.html` stands for every view, so that a deep link opens it. Open without a key: it holds no data,
 * and one signs in on it.
 */
export function addPage(app: App, directory: string): void {
  addScope(app, (scope) => {
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'open' };
    });
    void scope.register(fastifyStatic, {
      root: directory,
      wildcard: false,
      decorateReply: false,
      cacheControl: false,
      setHeaders: (reply, path) => {
        const isHashed = path.startsWith(join(directory, 'assets'));
        reply.header('cache-control', isHashed ? FOR_A_YEAR : 'no-cache');
      },
    });
  });
  app.setNotFoundHandler((_request, reply) =>
    reply.header('cache-control', 'no-cache').sendFile('index.html', directory, { cacheControl: false }),
  );
}

/** Whether a browser opens a view of the page at a path where nothing else is. */
export function isView({ method, url, headers }: FastifyRequest): boolean {
  const isOpening = method === 'GET' && (headers.accept ?? '').includes('text/html');
  return isOpening && !NO_VIEW.test(url.split('?', 1)[0] ?? '');
}
