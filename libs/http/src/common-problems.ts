import { defineProblem } from './problem.ts';

/** The kinds of error that any route may answer with. */
export const invalidRequest = defineProblem({
  code: 'invalid-request',
  status: 400,
  title: 'The request does not match its description.',
});
export const malformedRequest = defineProblem({
  code: 'malformed-request',
  status: 400,
  title: 'The request is not readable as HTTP or as a URL.',
});
export const malformedJson = defineProblem({
  code: 'malformed-json',
  status: 400,
  title: 'The body is not JSON.',
});
export const foreignHost = defineProblem({
  code: 'foreign-host',
  status: 403,
  title: 'The request names a host that is not this machine.',
});
export const foreignOrigin = defineProblem({
  code: 'foreign-origin',
  status: 403,
  title: 'The request comes from a page of another origin.',
});
export const notFound = defineProblem({ code: 'not-found', status: 404, title: 'There is nothing at this path.' });
/** A path that is known, of a thing that is not there: `noSuch('message')`. Programs see `not-found` as well. */
export const noSuch = (what: string) =>
  defineProblem({ code: notFound.code, status: notFound.status, title: `There is no such ${what}.` });
export const methodNotAllowed = defineProblem({
  code: 'method-not-allowed',
  status: 405,
  title: 'The path does not take this method.',
});
export const bodyTooLarge = defineProblem({ code: 'body-too-large', status: 413, title: 'The body is too large.' });
export const unsupportedMediaType = defineProblem({
  code: 'unsupported-media-type',
  status: 415,
  title: 'The path does not take bodies of this content type.',
});
export const expectationFailed = defineProblem({
  code: 'expectation-failed',
  status: 417,
  title: 'The header Expect asks for something that this service does not do.',
});
export const internalError = defineProblem({
  code: 'internal-error',
  status: 500,
  title: 'Something went wrong in this service.',
});
export const dependencyUnavailable = defineProblem({
  code: 'dependency-unavailable',
  status: 503,
  title: 'A server that this service needs can not be used right now.',
  retryAfterSeconds: 5,
});
export const shuttingDown = defineProblem({
  code: 'shutting-down',
  status: 503,
  title: 'The service is being stopped.',
  retryAfterSeconds: 10,
});
export const timedOut = defineProblem({
  code: 'timed-out',
  status: 503,
  title: 'The answer took too long.',
  retryAfterSeconds: 5,
});
export const notReady = defineProblem({
  code: 'not-ready',
  status: 503,
  title: 'Something that this service needs is down.',
  retryAfterSeconds: 5,
});
