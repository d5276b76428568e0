import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { Signer } from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller, Key } from './keys.ts';

/** The cookie of a session. Other programs of this machine have cookies too: those do not go by ports. */
const COOKIE = 'esteira_session';
/** How long a session lasts, in seconds: a working day. */
const LASTS_SECONDS = 12 * 3_600;

/** What a session's cookie says, signed: the key's name and mark, and when it ends (milliseconds since 1970). */
interface SessionCookie {
  /** Tells sessions of the same key apart. */
  readonly id: string;
  readonly name: string;
  readonly mark: string;
  readonly until: number;
}

/** Sessions made from keys. A signed cookie says all of them; kept here is only which were signed out of. */
export interface Sessions {
  /** Gives the caller a session, as a cookie that no script can read and that other sites can't send. */
  begin(request: FastifyRequest, reply: FastifyReply, key: Key): void;
  /** Who the session belongs to; undefined where there is none, it is over, or its key is not what it was. */
  read(request: FastifyRequest): Caller | undefined;
  /** Fires when the session of the request is over, or is signed out of here; undefined where the request has none. */
  ending(request: FastifyRequest): AbortSignal | undefined;
  /** Ends the session of the request: in its browser, and in this process for whoever has a copy of the cookie. */
  end(request: FastifyRequest, reply: FastifyReply): void;
}

/**
 * Opens the sessions of an app.
 *
 * @param secret - signs them; where it is empty, one is made up, and they end with the process.
 */
export function openSessions(keys: readonly Key[], secret: string): Sessions {
  const signing = secret === '' ? randomBytes(32).toString('hex') : secret;
  const signer = new Signer(signing);
  const markOf = ({ key }: Key) => createHmac('sha256', signing).update(`mark ${key}`).digest('base64url');
  const ends = new SessionEnds();
  /** What the cookie of the request says, where its session goes on. */
  const valid = (request: FastifyRequest): { said: SessionCookie; key: Key } | undefined => {
    const said = readCookie(signer, request.cookies[COOKIE]);
    if (said === undefined || said.until < Date.now() || ends.isOver(said)) return undefined;
    const key = keys.find(({ name }) => name === said.name);
    return key === undefined || markOf(key) !== said.mark ? undefined : { said, key };
  };
  return {
    begin: (request, reply, key) => {
      const until = Date.now() + LASTS_SECONDS * 1_000;
      const said: SessionCookie = { id: randomUUID(), name: key.name, mark: markOf(key), until };
      const value = Buffer.from(JSON.stringify(said)).toString('base64url');
      reply.setCookie(COOKIE, signer.sign(value), {
        httpOnly: true,
        sameSite: 'strict',
        path: '/',
        maxAge: LASTS_SECONDS,
        // The browser says itself how it got here: in front of us there may be what ends TLS.
        secure: request.headers.origin?.startsWith('https:') ?? false,
      });
    },
    read: (request) => {
      const { key } = valid(request) ?? {};
      return key === undefined ? undefined : { name: key.name, role: key.role };
    },
    ending: (request) => {
      const { said } = valid(request) ?? {};
      return said === undefined ? undefined : ends.of(said).signal;
    },
    end: (request, reply) => {
      const { said } = valid(request) ?? {};
      if (said !== undefined) ends.of(said).abort();
      reply.clearCookie(COOKIE, { httpOnly: true, sameSite: 'strict', path: '/' });
    },
  };
}

/** The ends of sessions that something waits for, and of those that were signed out of, until their time is over. */
class SessionEnds {
  readonly #byId = new Map<string, AbortController>();

  of({ id, until }: SessionCookie): AbortController {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const end = new AbortController();
    this.#byId.set(id, end);
    const over = () => {
      this.#byId.delete(id);
      end.abort();
    };
    setTimeout(over, Math.max(0, until - Date.now())).unref();
    return end;
  }

  isOver({ id }: SessionCookie): boolean {
    return this.#byId.get(id)?.signal.aborted ?? false;
  }
}

function readCookie(signer: Signer, cookie: string | undefined): SessionCookie | undefined {
  if (cookie === undefined) return undefined;
  const { valid, value } = signer.unsign(cookie);
  // What is signed was written here.
  return valid ? (JSON.parse(Buffer.from(value, 'base64url').toString()) as SessionCookie) : undefined;
}
