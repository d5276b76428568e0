import type { App } from './app-type.ts';

/** The mark in a route's schema; it is not part of the document. */
export const BODY_IS_OPTIONAL = 'x-body-is-optional';

/** For the schema of a route whose body may be left out: `{}` is meant then. */
export const optionalBody = { [BODY_IS_OPTIONAL]: true } as const;

/** Fastify takes every body that has a schema for required. A `null` that was sent is not left out. */
export function takeMissingBodies(app: App): void {
  app.addHook('onRoute', (route) => {
    if (!(BODY_IS_OPTIONAL in (route.schema ?? {}))) return;
    route.preValidation = (request, _reply, done) => {
      if (request.body === undefined) request.body = {};
      done();
    };
  });
}
