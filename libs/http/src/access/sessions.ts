import { createHmac, randomBytes } from 'node:crypto';
import { Signer } from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller, Key } from './keys.ts';

/** The cookie of a session. Other programs of this machine have cookies too: those do not go by ports. */
const COOKIE = 'esteira_session';
/** How long a session lasts, in seconds: a working day. */
const LASTS_SECONDS = 12 * 3_600;

/** What a session's cookie says, signed: the key's name and mark, and when it ends (milliseconds since 1970). */
interface SessionCookie {
  readonly name: string;
  readonly mark: string;
  readonly until: number;
}

/** Sessions made from keys. Nothing is kept of them here: a signed cookie says all. */
export interface Sessions {
  /** Gives the caller a session, as a cookie that no script can read and that other sites can't send. */
  begin(request: FastifyRequest, reply: FastifyReply, key: Key): void;
  /** Who the session belongs to; undefined where there is none, it is over, or its key is not what it was. */
  read(request: FastifyRequest): Caller | undefined;
  end(reply: FastifyReply): void;
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
  return {
    begin: (request, reply, key) => {
      const until = Date.now() + LASTS_SECONDS * 1_000;
      const said: SessionCookie = { name: key.name, mark: markOf(key), until };
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
      const said = readCookie(signer, request.cookies[COOKIE]);
      if (said === undefined || said.until < Date.now()) return undefined;
      const key = keys.find(({ name }) => name === said.name);
      return key === undefined || markOf(key) !== said.mark ? undefined : { name: key.name, role: key.role };
    },
    end: (reply) => {
      reply.clearCookie(COOKIE, { httpOnly: true, sameSite: 'strict', path: '/' });
    },
  };
}

function readCookie(signer: Signer, cookie: string | undefined): SessionCookie | undefined {
  if (cookie === undefined) return undefined;
  const { valid, value } = signer.unsign(cookie);
  // What is signed was written here.
  return valid ? (JSON.parse(Buffer.from(value, 'base64url').toString()) as SessionCookie) : undefined;
}
