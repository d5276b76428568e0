import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyRequest } from 'fastify';
import {
  bodyTooLarge,
  internalError,
  invalidRequest,
  malformedJson,
  malformedRequest,
  notFound,
  shuttingDown,
  timedOut,
  unsupportedMediaType,
} from './common-problems.ts';
import { defineProblem, isProblem, placed, type Mistake, type Problem, type ProblemError } from './problem.ts';

/** Turns an error of a dependency into the problem it is answered with; undefined for one it does not know. */
export type Classify = (error: Error) => ProblemError | undefined;

/** Fastify's own errors about bodies as a whole, by their codes. */
const OF_BODY: Readonly<Record<string, Problem>> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: malformedJson,
  FST_ERR_CTP_INVALID_JSON_BODY: malformedJson,
  FST_ERR_CTP_BODY_TOO_LARGE: bodyTooLarge,
};

/** Fastify's other errors, by their codes. */
const FASTIFY: Readonly<Record<string, Problem>> = {
  FST_ERR_NOT_FOUND: notFound,
  FST_ERR_BAD_URL: malformedRequest,
  FST_ERR_MAX_PARAM_LENGTH: notFound,
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: malformedRequest,
  FST_ERR_HANDLER_TIMEOUT: timedOut,
  FST_ERR_REOPENED_CLOSE_SERVER: shuttingDown,
};

/** The problem an error is answered with. What is not known is a 500 that tells nothing but where to look. */
export function toProblem(error: FastifyError, request: FastifyRequest, classify: Classify): ProblemError {
  if (isProblem(error)) return error;
  if (error.validation !== undefined) return invalid(error);
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return mediaType(request);
  const ofBody = OF_BODY[error.code];
  if (ofBody !== undefined) return ofBody(error.message, placed('body', '', error.message));
  const known = FASTIFY[error.code];
  if (known !== undefined) return known(error.message);
  const classified = classify(error);
  if (classified !== undefined) return classified;
  // Of the content type parser: the body was JSON of a forbidden shape, or broke off.
  const status = error.statusCode ?? 500;
  if (status === 400) return malformedRequest(error.message);
  if (status > 400 && status < 500) return ofStatus(status, error.message);
  return internalError(`The request failed in a way nobody foresaw. The log has the cause at request ${request.id}.`);
}

function mediaType({ headers, routeOptions }: FastifyRequest): ProblemError {
  const given = headers['content-type'] ?? 'A body without a content type';
  const detail = `${given} is not taken at ${routeOptions.url ?? 'this path'}. GET /docs says what is.`;
  return unsupportedMediaType(detail, placed('headers', '/content-type', 'is not taken here'));
}

function ofStatus(status: number, detail: string): ProblemError {
  const title = STATUS_CODES[status] ?? 'Refused';
  return defineProblem({ code: title.toLowerCase().replaceAll(' ', '-'), status, title })(detail);
}

function invalid({ validation = [], validationContext = 'body' }: FastifyError): ProblemError {
  const mistakes = validation.flatMap((entry) => explained(entry, validationContext));
  const summary = mistakes.map(({ pointer, detail }) => `${pointer.slice(1) || 'the whole'} ${detail}`).join('; ');
  // What stands in an address has a name that people know it by.
  const where = ['params', 'querystring'].includes(validationContext) ? '' : `In the ${validationContext}: `;
  return invalidRequest(`${where}${summary}.`, { errors: mistakes });
}

function explained(entry: NonNullable<FastifyError['validation']>[number], part: Mistake['in']): Mistake[] {
  const { keyword, instancePath, params, message = 'is wrong' } = entry;
  // Of members that are not known, TypeBox tells a `boolean` each, and their names together only where there are few:
  // it stops after eight errors. And a `const` for each member of a union, beside `anyOf`.
  if (keyword === 'additionalProperties' || keyword === 'const') return [];
  if (keyword === 'boolean') return [{ pointer: instancePath, in: part, detail: 'is not known here' }];
  if (keyword === 'required') {
    const missing = params['requiredProperties'];
    const names = Array.isArray(missing) ? missing.map(String) : [];
    const at = (name: string) => `${instancePath}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    return names.map((name) => ({ pointer: at(name), in: part, detail: 'is missing' }));
  }
  const allowed = params['allowedValues'];
  const choice = Array.isArray(allowed) ? ` (${allowed.join(', ')})` : '';
  return [{ pointer: instancePath, in: part, detail: `${message}${choice}` }];
}
