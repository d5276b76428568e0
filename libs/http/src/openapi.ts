import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import { noActionOfOurPage, notAllowed, notSignedIn, tooManyRequests } from './access/access-problems.ts';
import {
  bodyTooLarge,
  foreignHost,
  foreignOrigin,
  malformedJson,
  shuttingDown,
  timedOut,
  unsupportedMediaType,
} from './common-problems.ts';
import { BODY_IS_OPTIONAL } from './optional-body.ts';
import { joinedResponses, problemResponses, type ProblemResponses } from './problem-responses.ts';

/** What a route need not say of itself. */
const ANYWHERE = problemResponses(foreignHost, foreignOrigin, timedOut, shuttingDown);
const WITH_BODY = problemResponses(bodyTooLarge, unsupportedMediaType);
const WITH_JSON = problemResponses(malformedJson);

const WITH_KEY = problemResponses(notSignedIn, tooManyRequests);
const WITH_OPERATOR_KEY = problemResponses(notSignedIn, notAllowed, noActionOfOurPage, tooManyRequests);

/** How the document of an app is made of its routes. */
export const openApi = (
  hasKeys: boolean,
): Required<Pick<FastifyDynamicSwaggerOptions, 'transform' | 'transformObject'>> => ({
  transform: ({ schema, url, route }) => {
    const isOpen = !hasKeys || route.config?.access === 'open';
    return { schema: withCommonProblems(isOpen ? openly(schema, hasKeys) : guarded(schema, route.method)), url };
  },
  transformObject: (document) => {
    if (!('openapiObject' in document)) return document.swaggerObject;
    markOptionalBodies(document.openapiObject.paths ?? {});
    return document.openapiObject;
  },
});

/** A route that needs no key says so where others do. */
function openly(schema: FastifySchema | undefined, hasKeys: boolean): FastifySchema | undefined {
  return schema === undefined || !hasKeys ? schema : { ...schema, security: [] };
}

function guarded(schema: FastifySchema | undefined, method: string | readonly string[]): FastifySchema | undefined {
  if (schema === undefined || schema.hide === true) return schema;
  const own = schema.response as ProblemResponses;
  return { ...schema, response: joinedResponses(own, method === 'GET' ? WITH_KEY : WITH_OPERATOR_KEY) };
}

function withCommonProblems(schema: FastifySchema | undefined): FastifySchema {
  if (schema === undefined || schema.hide === true) return { hide: true };
  const common = [ANYWHERE];
  if (schema.body !== undefined) common.push(WITH_BODY);
  // A route that does not say what it takes takes JSON.
  if (schema.body !== undefined && schema.consumes === undefined) common.push(WITH_JSON);
  const own = schema.response as ProblemResponses;
  return { ...schema, response: common.reduce(joinedResponses, own) };
}

interface Operation {
  requestBody?: { required?: boolean };
}

/** `@fastify/swagger` describes every body as required. */
function markOptionalBodies(paths: object): void {
  for (const operation of Object.values(paths).flatMap((path: object) => Object.values(path) as Operation[])) {
    if (!(BODY_IS_OPTIONAL in operation)) continue;
    if (operation.requestBody !== undefined) operation.requestBody.required = false;
    Reflect.deleteProperty(operation, BODY_IS_OPTIONAL);
  }
}
