import { defineProblem } from '../problem.ts';

/** What keys and sessions are refused with. */
export const notSignedIn = defineProblem({
  code: 'not-signed-in',
  status: 401,
  title: 'The request has no key that opens this service.',
});
export const notAllowed = defineProblem({
  code: 'not-allowed',
  status: 403,
  title: 'The key of the request may look, and not act.',
});
export const noActionOfOurPage = defineProblem({
  code: 'not-our-page',
  status: 403,
  title: 'The request has a session, and nothing that shows that our page has sent it.',
});
export const tooManyRequests = defineProblem({
  code: 'too-many-requests',
  status: 429,
  title: 'Too many within a minute.',
  retryAfterSeconds: 60,
});
