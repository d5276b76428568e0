import cookie from '@fastify/cookie';
import rateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import type { App } from '../app-type.ts';
import { READING } from '../guard.ts';
import { noActionOfOurPage, notAllowed, notSignedIn } from './access-problems.ts';
import { findKey, LOCAL, type Caller, type Key, type Role } from './keys.ts';
import { limit, type Limit } from './limit.ts';
import { addSession, addSignIn } from './session-routes.ts';
import type { Sessions } from './sessions.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; undefined where an open route is asked without a key. */
    caller: Caller | undefined;
  }
  interface FastifyContextConfig {
    /** Who may ask: by default viewers what only reads, and operators the rest. */
    access?: 'open' | Role;
  }
}

/** Who may use an app. */
export interface Access {
  /** None: there is no sign-in, and whoever reaches the app may do everything. It listens on loopback then. */
  readonly keys: readonly Key[];
  /** Beside keys as bearer tokens; only for what has a page of its own. */
  readonly sessions?: Sessions;
}

/** Within a minute: wrong keys from one address, as a bearer or to sign in, and actions of one caller. */
const MOST_WRONG_KEYS = 10;
const MOST_ACTIONS = 300;

/** A page of another site can't send it with a request that a browser would not ask about first. */
const PAGE_HEADER = 'x-requested-with';
const HOW_TO = 'Send a key as `Authorization: Bearer <key>`, or sign in to the console.';
const DOCUMENTATION = /^\/(docs|redoc)(\/|$)/;

/** Finds out who asks before anything else is looked at, and refuses who may not. */
export async function addAccess(app: App, access: Access): Promise<void> {
  const { keys, sessions } = access;
  app.decorateRequest('caller', undefined);
  if (sessions !== undefined) await app.register(cookie);
  if (sessions !== undefined) addSession(app, keys.length > 0);
  if (keys.length === 0) {
    app.addHook('onRequest', (request, _reply, done) => {
      request.caller = LOCAL;
      done();
    });
    return;
  }
  await app.register(rateLimit, { global: false });
  const countWrongKey = limit(app, MOST_WRONG_KEYS, 'wrong keys', ({ ip }) => ip);
  const countAction = limit(app, MOST_ACTIONS, 'actions', ({ caller }) => caller?.name ?? '');
  app.addHook('onRequest', async (request) => {
    const caller = await callerOf(request, access, countWrongKey);
    request.caller = caller;
    const needed = accessOf(request);
    if (needed === 'open') return;
    if (caller === undefined) throw notSignedIn(HOW_TO);
    if (needed === 'operator' && caller.role !== 'operator') {
      throw notAllowed(`${caller.name} may only look. Acting needs a key of OPERATOR_API_KEYS.`);
    }
    if (!READING.has(request.method)) await countAction(request);
  });
  const countWrongSignIn = limit(app, MOST_WRONG_KEYS, 'sign-ins with a wrong key', ({ ip }) => ip);
  if (sessions !== undefined) addSignIn(app, { keys, sessions, countWrongSignIn });
}

/** The name of who asks, of a route that is not open. */
export function callerNamed({ caller }: FastifyRequest): string {
  if (caller === undefined) throw new Error('A route that is not open was asked by nobody.');
  return caller.name;
}

function accessOf({ routeOptions, method, is404 }: FastifyRequest): 'open' | Role {
  // What got here without a route is a view of the page.
  if (is404) return 'open';
  const { config, url = '' } = routeOptions;
  if (config.access !== undefined) return config.access;
  if (DOCUMENTATION.test(url)) return 'open';
  return READING.has(method) ? 'viewer' : 'operator';
}

/** A right key passes however many wrong ones came: no key can be guessed, and others may share the address. */
async function callerOf(request: FastifyRequest, access: Access, countWrongKey: Limit): Promise<Caller | undefined> {
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (bearer !== undefined) {
    const key = findKey(access.keys, bearer.trim());
    if (key !== undefined) return { name: key.name, role: key.role };
    await countWrongKey(request);
    throw notSignedIn('The key of the request is none of OPERATOR_API_KEYS and VIEWER_API_KEYS.');
  }
  const caller = access.sessions?.read(request);
  if (caller === undefined || READING.has(request.method) || request.headers[PAGE_HEADER] !== undefined) return caller;
  throw noActionOfOurPage(
    `With a session, what changes something needs the header ${PAGE_HEADER}, whatever its value.`,
  );
}
