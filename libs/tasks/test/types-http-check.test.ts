import type { RequestListener } from 'node:http';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { JsonValue } from '@esteira/pipeline';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { lookTimeoutMs } from '../src/types/http/check.ts';
import { MAX_DRAINED_BYTES, MAX_SEARCHED_BYTES } from '../src/types/http/expectation.ts';
import { MAX_REDIRECTS } from '../src/types/http/redirect.ts';
import { httpCheck, openHttpClient, taskTypes, type HttpClient } from '../src/types/index.ts';
import {
  attempted,
  refusingPort,
  resultOf,
  selfSigned,
  startSite,
  startTcp,
  type AttemptOptions,
  type Certificate,
} from './types-support.ts';

let client: HttpClient | undefined;
const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  await client?.close();
  client = undefined;
  await Promise.all(ends.splice(0).map((end) => end()));
});

const number = expect.any(Number) as number;

/** A site that is stopped after the test. */
async function siteOf(answer: RequestListener, secure?: Certificate) {
  const site = await startSite(answer, secure);
  ends.push(() => site.stop());
  return site;
}
/** One check. It has the time that a busy machine may need, where no other is given. */
const outcome = (payload: Record<string, JsonValue>, options?: AttemptOptions, type = 'http-check') => {
  client ??= openHttpClient();
  const types = taskTypes([httpCheck({ client, secondLookAfterMs: 1 })]);
  return attempted(types, type, { timeout_ms: 120_000, ...payload }, options);
};
const check = async (payload: Record<string, JsonValue>, options?: AttemptOptions) =>
  resultOf(await outcome(payload, options));

describe('a site that is up', () => {
  it('is told with its status, how long each part took, and one look', async () => {
    const { port, seen } = await siteOf((_, response) => response.end('hello'));
    expect(await check({ url: `http://localhost:${port}/a?b=c` })).toEqual({
      ...{ up: true, status: 200, redirects: 0, looks: 1, reused: false },
      ...{ latency_ms: number, dns_ms: number, connect_ms: number, tls_ms: null, first_byte_ms: number },
    });
    expect(seen).toMatchObject([{ method: 'GET', url: '/a?b=c', headers: { 'user-agent': 'esteira' } }]);
  });

  it('may be called url_checker, as at SentryWeb', async () => {
    const { origin } = await siteOf((_, response) => response.end());
    expect(resultOf(await outcome({ url: origin, method: 'GET' }, {}, 'url_checker'))).toMatchObject({ up: true });
  });

  it('is asked over a kept connection in a burst: that has no parts then', async () => {
    const { origin, connections } = await siteOf((_, response) => response.end());
    expect(await check({ url: origin })).toMatchObject({ reused: false, dns_ms: null, connect_ms: number });
    const second = await check({ url: origin });
    expect(second['reused']).toBe(connections() === 1);
    expect(second['connect_ms'] === null).toBe(connections() === 1);
  });

  it('gets the method, the headers, and user and password apart from the address', async () => {
    const { origin, seen } = await siteOf((_, response) => response.end());
    const url = origin.replace('//', '//us%40er:pa%3Ass@');
    await check({ url, method: 'PUT', headers: { 'X-Token': 'a b', 'User-Agent': 'mine' } });
    const authorization = `Basic ${Buffer.from('us@er:pa:ss').toString('base64')}`;
    expect(seen).toMatchObject([{ method: 'PUT', headers: { authorization, 'x-token': 'a b', 'user-agent': 'mine' } }]);
  });

  it.each([[204], [404], [[500, 404]]])('is one that answers the status that is expected: %j', async (status) => {
    const answers = Array.isArray(status) ? 404 : status;
    const { origin } = await siteOf((_, response) => response.writeHead(answers).end());
    expect(await check({ url: origin, expect: { status } })).toMatchObject({ up: true, status: answers, looks: 1 });
  });

  it('is one whose body has the text that is expected, wherever it is cut', async () => {
    const { origin } = await siteOf((_, response) => {
      response.write('all is we');
      setImmediate(() => response.end('ll, olá'));
    });
    expect(await check({ url: origin, expect: { body_contains: 'well, olá' } })).toMatchObject({ up: true });
  });

  it('may answer after information that is no answer yet', async () => {
    const { origin } = await siteOf((_, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' });
      response.end();
    });
    expect(await check({ url: origin })).toMatchObject({ up: true, status: 200 });
  });
});

describe('a site that is down', () => {
  it('because nobody listens is a result, after a second look', async () => {
    const url = `http://127.0.0.1:${await refusingPort()}/`;
    expect(await check({ url })).toMatchObject({
      ...{ up: false, why: 'refused', status: null, looks: 2, first_byte_ms: null },
      reason: expect.stringContaining('ECONNREFUSED') as string,
    });
  });

  it('because its name is unknown is told so', async () => {
    expect(await check({ url: 'http://nowhere.invalid/' })).toMatchObject({ up: false, why: 'dns', looks: 2 });
  });

  it('because it answers too late is told so', async () => {
    const { origin } = await siteOf(() => undefined);
    expect(await check({ url: origin, timeout_ms: 200 })).toMatchObject({
      ...{ up: false, why: 'timeout', looks: 2, status: null },
      reason: expect.stringMatching(/ within 200 ms\.$/) as string,
    });
  });

  it('because its answer never ends is told so', async () => {
    const { origin } = await siteOf((_, response) => response.write('begun'));
    expect(await check({ url: origin, timeout_ms: 200 })).toMatchObject({ up: false, why: 'timeout' });
  });

  it('because it never answers the TLS handshake is told so', async () => {
    const { origin, stop } = await startTcp(() => undefined);
    ends.push(stop);
    const url = origin.replace('http:', 'https:');
    expect(await check({ url, timeout_ms: 200 })).toMatchObject({ up: false, why: 'timeout' });
  });

  it('because it breaks off is told so', async () => {
    const { origin } = await siteOf((request) => request.socket.destroy());
    expect(await check({ url: origin })).toMatchObject({ up: false, why: 'reset' });
  });

  it('because its answer is cut is told so', async () => {
    const { origin } = await siteOf((request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half', () => request.socket.destroy());
    });
    expect(await check({ url: origin })).toMatchObject({ up: false, why: 'reset' });
  });

  it('because it speaks no HTTP is told so', async () => {
    const { origin, stop } = await startTcp((socket) => socket.end('220 mail.example ESMTP\r\n'));
    ends.push(stop);
    expect(await check({ url: origin })).toMatchObject({ up: false, why: 'protocol' });
  });

  it.each([
    ['below 400', {}],
    ['200 or 201', { status: [200, 201] }],
  ])('because it answers 503, where %s was expected, is told so', async (wanted, expected) => {
    const { origin } = await siteOf((_, response) => response.writeHead(503).end());
    expect(await check({ url: origin, expect: expected })).toMatchObject({
      ...{ up: false, why: 'status', status: 503, first_byte_ms: number },
      reason: `It answered 503, expected was ${wanted}.`,
    });
  });

  it('because a text is not in its body is told so', async () => {
    const { origin } = await siteOf((_, response) => response.end('maintenance'));
    expect(await check({ url: origin, expect: { body_contains: 'welcome' } })).toMatchObject({
      ...{ up: false, why: 'body', status: 200 },
    });
  });
});

describe('a site that flaps', () => {
  it('is up when the second look says so', async () => {
    let asked = 0;
    const { origin } = await siteOf((_, response) => response.writeHead((asked += 1) === 1 ? 500 : 200).end());
    expect(await check({ url: origin })).toMatchObject({ up: true, looks: 2, first_why: 'status', status: 200 });
    expect(asked).toBe(2);
  });

  it('is looked at for the second time over a connection of its own', async () => {
    const { origin, connections } = await siteOf((_, response) => response.writeHead(500).end());
    expect(await check({ url: origin })).toMatchObject({ up: false, looks: 2, reused: false, connect_ms: number });
    expect(connections()).toBe(2);
  });
});

describe('a site that redirects', () => {
  it.each([301, 302, 303, 307, 308])('by %d is followed, and its redirects are counted', async (status) => {
    const { origin, seen } = await siteOf((request, response) => {
      if (request.url === '/2') response.end('there');
      else response.writeHead(status, { location: request.url === '/0' ? '1' : '/2' }).end();
    });
    const payload = { url: `${origin}/0`, expect: { body_contains: 'there' } };
    expect(await check(payload)).toMatchObject({ up: true, status: 200, redirects: 2, looks: 1 });
    expect(seen.map(({ url }) => url)).toEqual(['/0', '/1', '/2']);
  });

  it('is not followed where the redirect is what is expected', async () => {
    const { origin, seen } = await siteOf((_, response) => response.writeHead(301, { location: '/b' }).end());
    const payload = { url: origin, expect: { status: 301 } };
    expect(await check(payload)).toMatchObject({ up: true, status: 301, redirects: 0 });
    expect(seen).toHaveLength(1);
  });

  it('to another site takes no credentials and no headers of the payload there', async () => {
    const other = await siteOf((_, response) => response.end());
    const { origin } = await siteOf((_, response) => response.writeHead(302, { location: other.origin }).end());
    const url = origin.replace('//', '//user:secret@');
    const headers = { 'x-api-key': 'secret', cookie: 'secret', 'accept-language': 'pt' };
    expect(await check({ url, headers })).toMatchObject({ up: true, redirects: 1 });
    expect(JSON.stringify(other.seen)).not.toContain('secret');
    expect(other.seen).toMatchObject([{ headers: { 'accept-language': 'pt' } }]);
  });

  it('in a circle is down', async () => {
    const { origin, seen } = await siteOf((request, response) => {
      response.writeHead(302, { location: request.url === '/a' ? '/b' : '/a' }).end();
    });
    expect(await check({ url: `${origin}/a` })).toMatchObject({
      ...{ up: false, why: 'redirect-loop', status: 302, redirects: 1, looks: 2 },
    });
    expect(seen).toHaveLength(4);
  });

  it('without end is down after the most that are followed', async () => {
    let asked = 0;
    const { origin } = await siteOf((_, response) => response.writeHead(302, { location: `/${(asked += 1)}` }).end());
    expect(await check({ url: origin })).toMatchObject({
      ...{ up: false, why: 'too-many-redirects', redirects: MAX_REDIRECTS },
    });
    expect(asked).toBe(2 * (MAX_REDIRECTS + 1));
  });

  it.each(['ftp://example.org/', 'http://['])('to %s is down', async (location) => {
    const { origin } = await siteOf((_, response) => response.writeHead(302, { location }).end());
    expect(await check({ url: origin })).toMatchObject({ up: false, why: 'bad-redirect', status: 302 });
  });
});

describe('a long answer', () => {
  const LONG = 40 * 1_048_576;

  /** A site that answers 40 MB, with a text at the end, and what it came to send of it. */
  async function longSite() {
    let sent = 0;
    const { origin } = await siteOf((_, response) => {
      let left = LONG;
      const more = (): void => {
        while (left > 0 && !response.destroyed) {
          const bytes = Math.min(left, 65_536);
          left -= bytes;
          sent += bytes;
          if (!response.write(Buffer.alloc(bytes, 'x'))) return void response.once('drain', more);
        }
        if (!response.destroyed) response.end('the end');
      };
      more();
    });
    return { origin, sent: () => sent };
  }

  it('is up, and not read to its end', async () => {
    const { origin, sent } = await longSite();
    expect(await check({ url: origin })).toMatchObject({ up: true, status: 200, looks: 1 });
    expect(sent()).toBeGreaterThanOrEqual(MAX_DRAINED_BYTES);
    expect(sent()).toBeLessThan(LONG);
  });

  it('is down where the text that is expected is not in what is read of it', async () => {
    const { origin, sent } = await longSite();
    expect(await check({ url: origin, expect: { body_contains: 'the end' } })).toMatchObject({
      ...{ up: false, why: 'too-large', status: 200 },
      reason: expect.stringContaining(String(MAX_SEARCHED_BYTES)) as string,
    });
    expect(sent()).toBeLessThan(2 * LONG);
  });

  it('is up where the text that is expected is at its beginning', async () => {
    const { origin } = await longSite();
    expect(await check({ url: origin, expect: { body_contains: 'xxx' } })).toMatchObject({ up: true });
  });
});

describe('a certificate', () => {
  let certificate: Certificate;

  beforeAll(async () => {
    certificate = await selfSigned();
  });

  it('that is self-signed is a site that is down, with the reason', async () => {
    const { port } = await siteOf((_, response) => response.end(), certificate);
    expect(await check({ url: `https://localhost:${port}/` })).toMatchObject({
      ...{ up: false, why: 'tls', status: null, looks: 2 },
      reason: expect.stringMatching(/^DEPTH_ZERO_SELF_SIGNED_CERT: /) as string,
    });
  });

  it('that is trusted is a site that is up, whose handshake is measured; for another name it is down', async () => {
    const before = getCACertificates('default');
    setDefaultCACertificates([...before, certificate.cert]);
    try {
      const { port } = await siteOf((_, response) => response.end(), certificate);
      expect(await check({ url: `https://localhost:${port}/` })).toMatchObject({ up: true, tls_ms: number });
      expect(await check({ url: `https://127.0.0.1:${port}/` })).toMatchObject({
        ...{ up: false, why: 'tls' },
        reason: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID') as string,
      });
    } finally {
      setDefaultCACertificates(before);
    }
  });
});

describe('a check', () => {
  it.each([
    ['a URL without a host', 'http://', 'must be a URL that begins with http:// or https://'],
    ['no URL', 'example.org', 'must be a URL that begins with http:// or https://'],
    ['a URL of another protocol', 'ftp://example.org/', 'must be a URL that begins with http:// or https://'],
    [
      'a password that can not be read',
      'http://a:%zz@example.org/',
      'has a user or password that is not percent-encoded',
    ],
  ])('of %s is a dead letter', async (_, url, what) => {
    expect(await outcome({ url })).toEqual({
      kind: 'dead-letter',
      error: { code: 'invalid-payload', message: `The payload of http-check at "/url" ${what}.` },
    });
  });

  it.each([
    ['a name that is none', { 'a b': 'c' }, '/headers'],
    ['a value with a line break', { a: 'b\r\nc: d' }, '/headers/a'],
    ['a header of the connection', { 'Transfer-Encoding': 'chunked' }, '/headers/Transfer-Encoding'],
    ['a header twice', { a: 'b', A: 'c' }, '/headers/A'],
  ])('with %s is a dead letter', async (_, headers, pointer) => {
    expect(await outcome({ url: 'http://127.0.0.1/', headers })).toMatchObject({
      kind: 'dead-letter',
      error: { code: 'invalid-payload', message: expect.stringContaining(`at "${pointer}" `) as string },
    });
  });

  it('is ended with its worker, in a look as well as between two', async () => {
    const worker = new AbortController();
    const { origin } = await siteOf(() => {
      worker.abort();
    });
    expect(await outcome({ url: origin }, { signal: worker.signal })).toMatchObject({ kind: 'retry' });
    client ??= openHttpClient();
    const patient = taskTypes([httpCheck({ client, secondLookAfterMs: 3_600_000 })]);
    const payload = { url: `http://127.0.0.1:${await refusingPort()}/` };
    expect(await attempted(patient, 'http-check', payload, { timeoutMs: 200 })).toMatchObject({
      error: { code: 'timeout' },
    });
  });

  it('gives each look so much time that two fit into that of the task', () => {
    expect(lookTimeoutMs(5_000, 30_000, 1_000)).toBe(5_000);
    expect(lookTimeoutMs(20_000, 30_000, 1_000)).toBe(14_375);
    expect(lookTimeoutMs(5_000, 500, 1_000)).toBe(1);
  });
});
