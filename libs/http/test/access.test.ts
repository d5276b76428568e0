import { createLogger, createMetrics } from '@esteira/observability';
import { Type } from 'typebox';
import { afterEach, beforeEach, describe, expect, it, vi, onTestFinished } from 'vitest';
import { callerNamed, createApp, openSessions, type App, type Key } from '../src/index.ts';

const ANA: Key = { name: 'ana', key: 'the-key-of-ana-0001', role: 'operator' };
const EVE: Key = { name: 'eve', key: 'the-key-of-eve-0002', role: 'viewer' };
const SECRET = 's'.repeat(32);

async function open(keys: readonly Key[], secret = SECRET, trustedProxies = 'loopback'): Promise<App> {
  const app = await createApp({
    logger: createLogger({ name: 'test', level: 'silent' }),
    metrics: createMetrics({ app: 'test' }),
    info: { title: 'Test', version: '1', description: 'A test.', tags: [] },
    allowedHosts: 'localhost',
    trustedProxies,
    access: { keys, sessions: openSessions(keys, secret) },
    checks: {},
  });
  const response = { 200: Type.Object({ who: Type.String() }) };
  app.get('/things', { schema: { response }, handler: (request) => ({ who: callerNamed(request) }) });
  app.post('/things', { schema: { response }, handler: (request) => ({ who: callerNamed(request) }) });
  await app.ready();
  return app;
}

let app: App;
beforeEach(async () => {
  app = await open([ANA, EVE]);
});
afterEach(() => app.close());

type Headers = Record<string, string>;
const bearer = ({ key }: Key): Headers => ({ authorization: `Bearer ${key}` });
const get = (headers: Headers = {}, url = '/things') => app.inject({ url, headers: { host: 'localhost', ...headers } });
const post = (headers: Headers = {}, remoteAddress = '10.0.0.1') =>
  app.inject({ method: 'POST', url: '/things', headers: { host: 'localhost', ...headers }, remoteAddress });
const signIn = (key: string, headers: Headers = {}, remoteAddress = '10.0.0.1') =>
  app.inject({
    method: 'POST',
    url: '/v0/session',
    headers: { host: 'localhost', ...headers },
    payload: { key },
    remoteAddress,
  });
const cookieOf = (response: Awaited<ReturnType<typeof signIn>>): Headers => {
  const [cookie] = response.cookies;
  return { cookie: `${cookie?.name ?? ''}=${cookie?.value ?? ''}` };
};
/** However long it takes to ask so often, the minute that is counted does not pass. */
const inOneMoment = () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
};
const PAGE = { 'x-requested-with': 'test' };

describe('with keys', () => {
  it('nothing but health, metrics and the documentation is open', async () => {
    for (const url of ['/health/live', '/health/ready', '/metrics', '/docs', '/docs/json', '/redoc']) {
      expect((await get({}, url)).statusCode, url).toBeLessThan(400);
    }
    const refused = await get();
    expect(refused.json()).toMatchObject({ status: 401, code: 'not-signed-in' });
    expect(refused.headers['www-authenticate']).toBe('Bearer');
    expect((await get({}, '/v0/session')).statusCode).toBe(401);
    expect((await post()).statusCode).toBe(401);
  });

  it('a viewer reads, and an operator acts too, each under the name of the key', async () => {
    expect((await get(bearer(EVE))).json()).toEqual({ who: 'eve' });
    expect((await post(bearer(EVE))).json()).toMatchObject({ status: 403, code: 'not-allowed' });
    expect((await get(bearer(ANA))).json()).toEqual({ who: 'ana' });
    expect((await post(bearer(ANA))).json()).toEqual({ who: 'ana' });
  });

  it.each(['the-key-of-ana-0002', 'the-key-of-ana-000', 'x', 'the-key-of-ana-0001 x'])(
    '%s opens nothing',
    async (key) => {
      expect((await get({ authorization: `Bearer ${key}` })).statusCode).toBe(401);
      expect((await signIn(key)).statusCode).toBe(401);
    },
  );

  it('wrong keys are slowed down, whichever way they come', async () => {
    inOneMoment();
    for (let i = 0; i < 10; i++) expect((await post({ authorization: `Bearer ${i}` })).statusCode).toBe(401);
    const refused = await post({ authorization: 'Bearer 10' });
    expect(refused.json()).toMatchObject({ status: 429, code: 'too-many-requests' });
    expect(refused.headers['retry-after']).toBe('60');
    for (let i = 0; i < 10; i++) expect((await signIn(String(i))).statusCode).toBe(401);
    expect((await signIn('11')).statusCode).toBe(429);
    expect((await signIn('11', {}, '10.0.0.2')).statusCode).toBe(401);
  });

  it('a right key signs in, however many wrong ones came from the same address', async () => {
    inOneMoment();
    for (let i = 0; i < 20; i++) await signIn(String(i));
    for (let i = 0; i < 20; i++) expect((await signIn(ANA.key)).statusCode).toBe(200);
  });

  it('people behind a proxy are counted each for themselves where it is trusted, and as one where it is not', async () => {
    inOneMoment();
    const from = (person: string) => signIn('wrong', { 'x-forwarded-for': person }, '10.1.2.3');
    for (let i = 0; i < 10; i++) expect((await from(`203.0.113.${i}`)).statusCode).toBe(401);
    expect((await from('203.0.113.99')).statusCode).toBe(429);
    await app.close();
    app = await open([ANA, EVE], SECRET, 'loopback, 10.1.2.0/24');
    for (let i = 0; i < 20; i++) expect((await from(`203.0.113.${i}`)).statusCode).toBe(401);
    for (let i = 0; i < 9; i++) await from('203.0.113.1');
    expect((await from('203.0.113.1')).statusCode).toBe(429);
  });

  it('actions are limited, of each caller for itself; reading is not', async () => {
    inOneMoment();
    const answers = [];
    for (let i = 0; i < 301; i++) answers.push((await post(bearer(ANA))).statusCode);
    expect(answers.slice(0, 300).every((status) => status === 200)).toBe(true);
    expect(answers[300]).toBe(429);
    expect((await get(bearer(ANA))).statusCode).toBe(200);
  });
});

describe('a session', () => {
  it('is a cookie that no script reads and no other site sends', async () => {
    const response = await signIn(ANA.key);
    expect(response.json()).toEqual({ name: 'ana', role: 'operator', has_keys: true });
    expect(response.cookies).toMatchObject([{ httpOnly: true, sameSite: 'Strict', path: '/' }]);
    expect(response.cookies[0]).not.toHaveProperty('secure');
    expect(JSON.stringify(response.cookies)).not.toContain(ANA.key);
    const overTls = await signIn(ANA.key, { origin: 'https://localhost' });
    expect(overTls.cookies).toMatchObject([{ secure: true }]);
  });

  it('does what its key may, and acts for our own page alone', async () => {
    const ana = cookieOf(await signIn(ANA.key));
    const eve = cookieOf(await signIn(EVE.key));
    expect((await get(ana, '/v0/session')).json()).toEqual({ name: 'ana', role: 'operator', has_keys: true });
    expect((await get(eve)).json()).toEqual({ who: 'eve' });
    expect((await post({ ...eve, ...PAGE })).statusCode).toBe(403);
    expect((await post({ ...ana, ...PAGE })).json()).toEqual({ who: 'ana' });
    expect((await post(ana)).json()).toMatchObject({ status: 403, code: 'not-our-page' });
    for (const from of [
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site' },
      { origin: 'http://evil' },
    ]) {
      expect((await post({ ...ana, ...PAGE, ...from })).json()).toMatchObject({ code: 'foreign-origin' });
    }
  });

  it('that was changed is none', async () => {
    const eve = cookieOf(await signIn(EVE.key)).cookie ?? '';
    const [value = '', mark = ''] = eve.slice('esteira_session='.length).split('.');
    const forged = Buffer.from(value, 'base64url').toString().replace('eve', 'ana');
    for (const cookie of [
      `${Buffer.from(forged).toString('base64url')}.${mark}`,
      value,
      `${value}.`,
      '.',
      'x.y',
      '%00',
    ]) {
      expect((await get({ cookie: `esteira_session=${cookie}` })).statusCode, cookie).toBe(401);
    }
  });

  it('ends after 12 hours, with its key, and where one signs out', async () => {
    const ana = cookieOf(await signIn(ANA.key));
    const now = Date.now();
    vi.spyOn(Date, 'now').mockReturnValue(now + 12 * 3_600_000 + 1_000);
    expect((await get(ana)).statusCode).toBe(401);
    vi.restoreAllMocks();
    expect((await get(ana)).statusCode).toBe(200);
    const gone = await app.inject({
      method: 'DELETE',
      url: '/v0/session',
      headers: { host: 'localhost', ...ana, ...PAGE },
    });
    expect(gone.statusCode).toBe(204);
    expect(gone.cookies).toMatchObject([{ name: 'esteira_session', value: '' }]);
    // A copy of the cookie opens nothing any more; another session of the same key does.
    expect((await get(ana)).statusCode).toBe(401);
    expect((await get(cookieOf(await signIn(ANA.key)))).statusCode).toBe(200);
    const others = await open([{ ...ANA, key: 'another-key-of-ana' }, EVE]);
    expect((await others.inject({ url: '/things', headers: { host: 'localhost', ...ana } })).statusCode).toBe(401);
    await others.close();
  });

  it('lives through a restart where a secret is set, and only then', async () => {
    const ana = cookieOf(await signIn(ANA.key));
    for (const [secret, status] of [
      [SECRET, 200],
      ['', 401],
    ] as const) {
      const restarted = await open([ANA, EVE], secret);
      expect((await restarted.inject({ url: '/things', headers: { host: 'localhost', ...ana } })).statusCode).toBe(
        status,
      );
      await restarted.close();
    }
  });
});

describe('without keys', () => {
  it('whoever is on this machine may act, as local', async () => {
    const own = await open([]);
    const headers = { host: 'localhost' };
    expect((await own.inject({ method: 'POST', url: '/things', headers })).json()).toEqual({ who: 'local' });
    const session = await own.inject({ url: '/v0/session', headers });
    expect(session.json()).toEqual({ name: 'local', role: 'operator', has_keys: false });
    const fromOtherPort = { ...headers, origin: 'http://localhost:9000', 'sec-fetch-site': 'same-site' };
    expect((await own.inject({ method: 'POST', url: '/things', headers: fromOtherPort })).statusCode).toBe(403);
    await own.close();
  });
});

it('every answer keeps scripts out that are not ours, and is framed by nobody', async () => {
  const { headers } = await get();
  expect(headers['content-security-policy']).toMatch(/script-src 'self';.*frame-ancestors 'none'/);
  expect(headers['x-content-type-options']).toBe('nosniff');
});
