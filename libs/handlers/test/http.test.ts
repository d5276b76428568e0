import type { Handler, HandlerOutcome } from '@esteira/pipeline';
import { patient } from '@esteira/tests/patience';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failureKindOf, opens } from '../src/circuit.ts';
import { retryAfterMs } from '../src/retry-after.ts';
import { httpHandler } from '../src/index.ts';
import { answering, attemptOf, startService, type Note, type Service } from './support.ts';

let service: Service;
let handler: Handler<Note>;
let nextId = 1;

/** As a pipeline makes it, whose service is a checker that gets the message as it came. */
const handlerOf = (url: string, concurrency = 1) =>
  httpHandler<Note>({ role: 'checker', setting: 'CHECKER_URL', url, concurrency, body: (_, { body }) => body });

beforeEach(async () => {
  service = await startService();
  handler = handlerOf(service.url, 8);
});

afterEach(async () => {
  vi.useRealTimers();
  await handler.close?.();
  await service.stop();
});

type Changes = Parameters<typeof attemptOf>[1];
/** One attempt of a note nobody had before. */
const handle = (changes: Changes = {}, id = nextId++): Promise<HandlerOutcome> => {
  const { message, context } = attemptOf(id, changes);
  return Promise.resolve(handler.handle(message, context));
};
const kinds = (outcomes: readonly HandlerOutcome[]) => outcomes.map(({ kind }) => kind);

describe('a request', () => {
  it('is the message as it came, with the attempt in its headers', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const { message, context } = attemptOf(7, { n: 3, text: '1 CD "ó"', traceparent });
    await handler.handle(message, context);
    const [seen] = service.seen;
    expect(seen).toMatchObject({ method: 'POST', url: '/check', body: Buffer.from(context.body).toString() });
    const { messageId } = context.attempt;
    expect(seen?.headers).toMatchObject({
      'content-type': 'application/json',
      'idempotency-key': `${messageId}:1:3`,
      'x-message-id': messageId,
      'x-attempt': '3',
      'x-max-attempts': '5',
      'x-round': '1',
      traceparent,
    });
  });

  it('carries user and password apart from the address, and no trace context that is no header', async () => {
    handler = handlerOf(service.url.replace('//', '//us%40er:pa%3Ass@'));
    expect(await handle({ traceparent: 'a\r\nb: c' })).toEqual({ kind: 'succeeded' });
    const { headers } = service.seen[0]!;
    expect(headers.authorization).toBe(`Basic ${Buffer.from('us@er:pa:ss').toString('base64')}`);
    expect(headers['traceparent']).toBeUndefined();
  });

  it('uses a connection again', async () => {
    for (let i = 0; i < 20; i += 1) await handle();
    expect(service.connections).toBeLessThanOrEqual(2);
  });
});

describe('an answer', () => {
  it('of 2xx is a success, and its JSON the result', async () => {
    const result = { approved: true, limit: '29.33', by: ['a', null] };
    service.answer = answering(200, result);
    expect(await handle()).toEqual({ kind: 'succeeded', result });
    service.answer = answering(202, 'OK');
    expect(await handle()).toEqual({ kind: 'succeeded' });
    service.answer = answering(204);
    expect(await handle()).toEqual({ kind: 'succeeded' });
    service.answer = answering(200, '{"half":', { 'content-type': 'application/json' });
    expect(await handle()).toEqual({ kind: 'succeeded' });
  });

  it('is read up to a bound, and no further: the message has succeeded all the same', async () => {
    let written = 0;
    service.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const more = () => {
        while (!response.destroyed && written < 1e9) {
          written += 65_536;
          if (!response.write(Buffer.alloc(65_536, 32))) return void response.once('drain', more);
        }
      };
      more();
    };
    expect(await handle()).toMatchObject({ kind: 'succeeded', result: { not_kept: expect.any(String) as string } });
    expect(written).toBeLessThan(50e6);
  });

  it.each([400, 422])('of %d is a dead letter, with the words of the service', async (status) => {
    service.answer = answering(status, { code: 'too-low', detail: 'Nothing below 1.00.', status });
    expect(await handle()).toEqual({
      kind: 'dead-letter',
      error: { code: 'too-low', message: `The checker answered ${status}: Nothing below 1.00.` },
    });
    service.answer = answering(status, 'plain words');
    expect(await handle()).toEqual({
      kind: 'dead-letter',
      error: { code: `http-${status}`, message: `The checker answered ${status}: plain words` },
    });
    service.answer = answering(status);
    expect(await handle()).toMatchObject({ error: { message: `The checker answered ${status}.` } });
  });

  it.each([301, 401, 403, 404, 409, 429, 500, 501, 503])('of %d is a retry', async (status) => {
    service.answer = answering(status, { code: 'not a code!', message: 'later' }, { location: '/elsewhere' });
    expect(await handle()).toEqual({
      kind: 'retry',
      error: { code: `http-${status}`, message: `The checker answered ${status}: later` },
    });
    expect(service.seen).toHaveLength(1);
  });

  it('that asks for a wait gets it, in seconds or as a date', async () => {
    service.answer = answering(429, '', { 'retry-after': '120' });
    expect(await handle()).toMatchObject({ kind: 'retry', afterMs: 120_000 });
    const date = new Date(Date.now() + 600_000).toUTCString();
    service.answer = answering(503, '', { 'retry-after': date });
    const leftBefore = Date.parse(date) - Date.now();
    const outcome = await handle();
    const leftAfter = Date.parse(date) - Date.now();
    expect(outcome).toMatchObject({ kind: 'retry' });
    const afterMs = outcome.kind === 'retry' ? (outcome.afterMs ?? 0) : 0;
    expect(afterMs).toBeLessThanOrEqual(leftBefore);
    expect(afterMs).toBeGreaterThanOrEqual(leftAfter);
  });

  it.each([
    ['120', 120_000],
    ['0', 0],
    ['0000000000060', 60_000],
    ['9999999999', 9_999_999_999_000],
    ['9'.repeat(400), Number.MAX_SAFE_INTEGER],
    ['Thu, 01 Jan 2026 00:02:00 GMT', 120_000],
    ['Thursday, 01-Jan-26 00:02:00 GMT', 120_000],
    ['Thu Jan  1 00:02:00 2026', 120_000],
    ['Fri, 31 Dec 9999 23:59:59 GMT', Date.UTC(9999, 11, 31, 23, 59, 59) - Date.UTC(2026, 0, 1)],
    ['Wed, 31 Dec 2025 23:00:00 GMT', 0],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 0],
    ['Sun Nov  6 08:49:37 1994', 0],
  ])('may ask for a wait as %s', (text, afterMs) => {
    const now = new Date('2026-01-01T00:00:00Z');
    expect(retryAfterMs(text, now)).toBe(afterMs);
    expect(retryAfterMs(` ${text}\t`, now)).toBe(afterMs);
  });

  it('takes a year of two digits for the one that is at most 50 years ahead', () => {
    const inYears = (header: string, now: string) =>
      Math.round((retryAfterMs(header, new Date(now)) ?? -1) / (365.25 * 86_400_000));
    expect(inYears('Sunday, 01-Jan-75 00:00:00 GMT', '2026-01-01T00:00:00Z')).toBe(49);
    expect(inYears('Sunday, 01-Jan-77 00:00:00 GMT', '2026-01-01T00:00:00Z')).toBe(0);
    expect(inYears('Sunday, 01-Jan-05 00:00:00 GMT', '2096-01-01T00:00:00Z')).toBe(9);
  });

  it('may ask for a wait in any words: it is a time from now that is not negative, or none', () => {
    const now = new Date('2026-01-01T00:00:00Z');
    for (const text of ['', '-1', '+1', '1.5', '1e3', 'soon', 'Infinity', 'Thu Jan 1', '2026-01-01T00:00:00Z', '1, 2'])
      expect(retryAfterMs(text, now)).toBeUndefined();
    const words = fc.oneof(fc.string(), fc.stringMatching(/^\d*$/), fc.date().map(String));
    fc.assert(
      fc.property(words, (text) => {
        const afterMs = retryAfterMs(text, now) ?? 0;
        expect(Number.isSafeInteger(afterMs) && afterMs >= 0).toBe(true);
      }),
    );
  });
});

describe('no answer', () => {
  it('in time is an attempt that is spent', async () => {
    service.answer = () => undefined;
    const outcome = await handle({ signal: AbortSignal.timeout(100) });
    expect(outcome).toMatchObject({ kind: 'retry', error: { code: 'timeout' } });
    await vi.waitFor(() => {
      expect(service.open.now).toBe(0);
    }, patient);
  });

  it('because a kept connection was just closed costs nothing: it is asked again, as the same attempt', async () => {
    service.answer = (request, response) => {
      if (service.seen.length === 2) request.socket.destroy();
      else response.end();
    };
    expect(kinds([await handle(), await handle()])).toEqual(['succeeded', 'succeeded']);
    expect(service.seen).toHaveLength(3);
    expect(service.seen[2]?.headers['idempotency-key']).toBe(service.seen[1]?.headers['idempotency-key']);
  });

  it('because the service breaks over one message spends its attempts, while others succeed', async () => {
    const bad = 1_000_000;
    service.answer = (request, response) => {
      if (service.seen.at(-1)?.body.includes(`"id":"${bad}"`)) request.socket.destroy();
      else response.end();
    };
    for (let n = 1; n <= 10; n += 1) {
      expect(await handle({ n }, bad)).toMatchObject({ kind: 'retry', error: { code: 'checker-broke-off' } });
    }
    expect(await handle()).toEqual({ kind: 'succeeded' });
  });
});

describe('a service that is down', () => {
  it('spends no attempt when it can not be reached, is not asked in a storm, and is found again', async () => {
    const { port } = service;
    await service.stop();
    const storm = await Promise.all(Array.from({ length: 50 }, () => handle()));
    expect(new Set(kinds(storm))).toEqual(new Set(['return']));
    expect(storm[0]).toMatchObject({ fault: { code: 'checker-unreachable' } });
    await expect(handler.check?.()).rejects.toThrow(`http://127.0.0.1:${port}/check can't be reached`);
    service = await startService(port);
    await vi.waitFor(async () => {
      expect(await handle()).toEqual({ kind: 'succeeded' });
    }, patient);
    await handler.check?.();
  });

  it('spends no attempt when its name is unknown, and names no password', async () => {
    await handler.close?.();
    handler = handlerOf('http://user:secret@nowhere.invalid/x?token=secret');
    const outcome = await handle();
    expect(outcome).toMatchObject({ kind: 'return', fault: { code: 'checker-unreachable' } });
    expect(JSON.stringify(outcome)).not.toContain('secret');
  });

  it('is not asked any more after a run of failures of different messages', async () => {
    vi.useFakeTimers({ toFake: ['Date'] }); // No time passes in which a probe would be due.
    service.answer = answering(503, 'maintenance');
    const outcomes: HandlerOutcome[] = [];
    for (let i = 0; i < 30; i += 1) outcomes.push(await handle());
    expect(kinds(outcomes).filter((kind) => kind === 'retry')).toHaveLength(4);
    expect(kinds(outcomes.slice(4)).every((kind) => kind === 'return')).toBe(true);
    expect(service.seen.length).toBeLessThan(10);
    await expect(handler.check?.()).rejects.toThrow(/maintenance/);
  });

  it('is found again by one message at a time', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const untilAProbeIsDue = () => vi.setSystemTime(Date.now() + 10_000);
    const many = () => Promise.all(Array.from({ length: 20 }, () => handle()));
    service.answer = answering(503);
    for (let i = 0; i < 5; i += 1) await handle();
    const asked = service.seen.length;
    await many();
    expect(service.seen.length).toBe(asked);
    untilAProbeIsDue();
    await many();
    expect(service.seen.length).toBe(asked + 1);
    service.answer = answering(200);
    untilAProbeIsDue();
    expect(await handle()).toEqual({ kind: 'succeeded' });
    expect(kinds(await many())).not.toContain('return');
  });

  it('is not what one message says that always fails: its attempts are spent, also alone', async () => {
    service.answer = answering(500, 'bug');
    for (let n = 1; n <= 20; n += 1) expect(await handle({ n }, 2_000_000)).toMatchObject({ kind: 'retry' });
  });

  it('lets a message that breaks it get through its attempts, even as the only one that probes', async () => {
    service.answer = answering(500, 'bug');
    for (let i = 0; i < 5; i += 1) await handle();
    await vi.waitFor(async () => {
      expect(await handle({}, 3_000_000)).toMatchObject({ kind: 'retry', error: { code: 'http-500' } });
    }, patient);
  });
});

/** Until some message gets through: probes come a quarter of a second to ten seconds apart. */
const untilFound = (found: () => Promise<void>) => vi.waitFor(found, patient);

describe('a service that is wrong', () => {
  it.each([301, 302, 303, 307, 308, 401, 403, 404, 405, 407, 410, 501])(
    'and answers %d to every message spends the attempts of four, is named, and is found again',
    async (status) => {
      service.answer = answering(status, '', { location: 'https://user:secret@elsewhere.example/v2?key=secret' });
      const outcomes: HandlerOutcome[] = [];
      for (let i = 0; i < 30; i += 1) outcomes.push(await handle());
      expect(outcomes.slice(0, 4)).toEqual(
        Array(4).fill({
          kind: 'retry',
          error: { code: `http-${status}`, message: `The checker answered ${status}.` },
        }),
      );
      expect(new Set(kinds(outcomes.slice(4)))).toEqual(new Set(['return']));
      expect(service.seen.length).toBeLessThan(10);
      const why = await handler.check?.().then(String, String);
      expect(why).toContain(`The checker at ${service.url} answers ${status}, whatever the message: `);
      expect(why).not.toContain('secret');
      if (status < 400) expect(why).toContain('it leads to https://elsewhere.example/v2; ');
      service.answer = answering(200);
      await untilFound(async () => {
        expect(await handle()).toEqual({ kind: 'succeeded' });
      });
      await handler.check?.();
    },
  );

  it.each([401, 404, 405])(
    'is not one that answers %d to one message, also alone: its attempts are spent',
    async (status) => {
      const odd = 4_000_000;
      service.answer = (request, response) => {
        answering(service.seen.at(-1)?.body.includes(`"id":"${odd}"`) ? status : 200)(request, response);
      };
      for (let n = 1; n <= 10; n += 1) {
        expect(await handle({ n }, odd)).toMatchObject({ kind: 'retry', error: { code: `http-${status}` } });
        if (n > 5) expect(await handle()).toEqual({ kind: 'succeeded' });
      }
    },
  );

  it('is not one that finds nothing for a few, among others that it answers', async () => {
    service.answer = (request, response) => {
      answering(/"id":"60000\d\d"/.test(service.seen.at(-1)?.body ?? '') ? 404 : 200)(request, response);
    };
    for (let i = 0; i < 40; i += 1) {
      expect(await handle({}, 6_000_000 + i)).toMatchObject({ kind: 'retry' });
      expect(await handle()).toEqual({ kind: 'succeeded' });
    }
  });

  it('is tried with other messages than those that failed: they hold nobody up, however often they come first', async () => {
    service.answer = (request, response) => {
      answering(/"id":"500000\d"/.test(service.seen.at(-1)?.body ?? '') ? 404 : 200)(request, response);
    };
    const odd = Array.from({ length: 5 }, (_, index) => 5_000_000 + index);
    for (const id of odd) await handle({}, id);
    const good = [nextId++, nextId++];
    await untilFound(async () => {
      // As a lane gives them out again: those that failed first.
      for (const id of odd) expect(['return', 'retry']).toContain((await handle({}, id)).kind);
      expect(kinds([await handle({}, good[0]), await handle({}, good[1])])).toContain('succeeded');
    });
  });

  it('is found again by those that failed, where there are no others', async () => {
    service.answer = answering(404);
    const all = Array.from({ length: 6 }, () => nextId++);
    for (const id of all) await handle({}, id);
    service.answer = answering(200);
    await untilFound(async () => {
      const outcomes = [];
      for (const id of all) outcomes.push(await handle({}, id));
      expect(new Set(kinds(outcomes))).toEqual(new Set(['succeeded']));
    });
  });
});

describe('the rule of the circuit', () => {
  it('takes 2xx, 400, 422 and what is about one message or about load for a service that works', () => {
    for (const status of [200, 201, 204, 400, 402, 408, 409, 412, 413, 418, 422, 423, 424, 425, 428, 429, 431, 451])
      expect(failureKindOf(status), String(status)).toBeUndefined();
    for (const status of [500, 506, 507, 508, 520, 599]) expect(failureKindOf(status), String(status)).toBe('failed');
  });

  it('opens after five different messages in a row, and at once where the service can not be reached', () => {
    expect([1, 4, 5].map((messages) => opens('wrong', messages))).toEqual([false, false, true]);
    expect(opens('unreachable', 1)).toBe(true);
  });
});
