import { Type } from 'typebox';
import type { App } from '../app-type.ts';
import { invalidRequest } from '../common-problems.ts';
import { problemResponses } from '../problem-responses.ts';
import { notSignedIn, tooManyRequests } from './access-problems.ts';
import { findKey, type Key } from './keys.ts';
import type { Limit } from './limit.ts';
import type { Sessions } from './sessions.ts';

const tags = ['session'];
const session = Type.Object({
  name: Type.String({ description: 'Of the key; it stands in the history. `local` where there are no keys.' }),
  role: Type.Enum(['viewer', 'operator']),
  has_keys: Type.Boolean({ description: 'Whether one can sign in and out here.' }),
});

/** `GET /v0/session`: who one is. */
export function addSession(app: App, hasKeys: boolean): void {
  app.get('/v0/session', {
    config: { access: 'open' },
    schema: {
      operationId: 'session',
      tags,
      summary: 'Who one is',
      description: 'By the key or the session of the request. 401 asks for a sign-in.',
      response: { 200: session, ...problemResponses(notSignedIn) },
    },
    handler: async ({ caller }, reply) => {
      if (caller === undefined) throw notSignedIn('Nobody is signed in.');
      return reply.header('cache-control', 'no-store').send({ ...caller, has_keys: hasKeys });
    },
  });
}

interface SignIn {
  readonly keys: readonly Key[];
  readonly sessions: Sessions;
  readonly countWrongSignIn: Limit;
}

/** `POST /v0/session` and `DELETE /v0/session`: signing in with a key, and out. */
export function addSignIn(app: App, { keys, sessions, countWrongSignIn }: SignIn): void {
  app.post('/v0/session', {
    config: { access: 'open' },
    schema: {
      operationId: 'signIn',
      tags,
      summary: 'Sign in',
      description: 'Gives a session as a cookie, for 12 hours. What changes something needs `X-Requested-With` then.',
      body: Type.Object({ key: Type.String({ minLength: 1, maxLength: 1_000 }) }, { additionalProperties: false }),
      response: { 200: session, ...problemResponses(invalidRequest, notSignedIn, tooManyRequests) },
    },
    handler: async (request, reply) => {
      const key = findKey(keys, request.body.key.trim());
      if (key === undefined) {
        // As with a bearer: a right key passes, since none can be guessed, and others may share the address.
        await countWrongSignIn(request);
        throw notSignedIn('This is none of the keys of OPERATOR_API_KEYS and VIEWER_API_KEYS.');
      }
      sessions.begin(request, reply, key);
      const { name, role } = key;
      return reply.header('cache-control', 'no-store').send({ name, role, has_keys: true });
    },
  });
  app.delete('/v0/session', {
    config: { access: 'open' },
    schema: {
      operationId: 'signOut',
      tags,
      summary: 'Sign out',
      description: 'Ends the session of this browser, and what is open under it.',
      response: { 204: Type.Null({ description: 'Nobody is signed in now.' }) },
    },
    handler: async (request, reply) => {
      sessions.end(request, reply);
      return reply.code(204).send(null);
    },
  });
}
