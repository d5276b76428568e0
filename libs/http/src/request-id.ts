import { UUID } from '@esteira/pipeline';
import type { FastifyRequest } from 'fastify';

/** The header that tells one request of the console to an API from another: a UUID. */
export const REQUEST_ID = 'esteira-request-id';

/** What the caller says of it; undefined where it says nothing that can be used. Nothing is proved by it. */
export function requestIdOf({ headers }: FastifyRequest): string | undefined {
  const said = headers[REQUEST_ID];
  return typeof said === 'string' && UUID.test(said) ? said : undefined;
}
