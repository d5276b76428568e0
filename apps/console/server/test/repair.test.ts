import { startPipeline, type Pipeline } from '@esteira/tests/support';
import { openPostgres, type Postgres } from '@esteira/postgres';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { askConsole } from './support.ts';

interface Letter {
  message_id: string;
  reason: string;
  error: { code: string };
  body: { content: string };
  original_body: { content: string } | null;
  history: { action: string; by: string; why: string }[];
}
interface Job {
  id: string;
  state: string;
  done: number;
  total: number;
  failed_again: number;
}

const NEGATIVE = 60;

let pipeline: Pipeline;
let ask: ReturnType<typeof askConsole>;
let endput: Postgres;

beforeAll(async () => {
  pipeline = await startPipeline({ systems: 1, env: { MAX_ATTEMPTS: '1' } });
  await pipeline.console.start();
  ask = askConsole(pipeline);
  endput = openPostgres({ url: pipeline.settings.ENDPUT_DATABASE_URL, applicationName: 'repair test', max: 2 });
  await pipeline.post(0, '/v0/insert-data', { positive_inserts: 0, negative_inserts: NEGATIVE });
  await pipeline.publishAll(0);
  await vi.waitFor(async () => {
    expect(await open()).toBe(NEGATIVE);
  }, patient);
});
afterAll(async () => {
  await endput.close();
  await pipeline.stop();
});

async function open(): Promise<number> {
  const { body } = await ask.get<{ groups: { count: number }[] }>('/v0/pipelines/orders/dead-letters/groups');
  return body.groups.reduce((sum, { count }) => sum + count, 0);
}

async function firstLetter(): Promise<Letter> {
  const { body } = await ask.get<{ items: Letter[] }>(
    '/v0/pipelines/orders/dead-letters?state=dead&sort=message_id&limit=1',
  );
  return (await ask.get<Letter>(`/v0/pipelines/orders/dead-letters/${body.items[0]?.message_id ?? ''}`)).body;
}

/** What a person would change so that the simulated verifier takes it. */
function mended({ body }: Letter): string {
  const message = JSON.parse(body.content) as { order: object; processing: object };
  const processing = { ...message.processing, attempts_required: 1 };
  return JSON.stringify({ ...message, processing, order: { ...message.order, security_check: true } });
}

const ended = (id: string, state: string) =>
  vi.waitFor(async () => {
    const { body } = await ask.get<Job>(`/v0/pipelines/orders/jobs/${id}`);
    expect(body.state).toBe(state);
    return body;
  }, patient);

describe('a dead letter', () => {
  it('is edited, redriven and stored; the original, who and why stay', async () => {
    const deadLetter = await firstLetter();
    const id = deadLetter.message_id;
    const edit = await ask.put<Letter>(`/v0/pipelines/orders/dead-letters/${id}/body`, {
      body: mended(deadLetter),
      why: 'checked by hand',
    });
    expect(edit.status).toBe(200);
    expect(edit.body.original_body?.content).toBe(deadLetter.body.content);
    expect(edit.body.history).toMatchObject([{ action: 'edited', by: 'local', why: 'checked by hand' }]);
    const selection = { message_ids: [id] };
    const { status, body } = await ask.post<Job>('/v0/pipelines/orders/dead-letters/redrives', {
      selection,
      why: 'mended',
    });
    expect(status).toBe(202);
    expect(await ended(body.id, 'finished')).toMatchObject({ done: 1, total: 1 });
    await vi.waitFor(async () => {
      expect((await ask.get(`/v0/pipelines/orders/messages/${id}`)).body).toMatchObject({
        rest: 'stored',
        stored: { round: 2 },
      });
    }, patient);
  });

  it('takes no body that no consumer could read, or that is another message', async () => {
    const deadLetter = await firstLetter();
    const put = (body: string) =>
      ask.put(`/v0/pipelines/orders/dead-letters/${deadLetter.message_id}/body`, { body, why: 'a try' });
    expect((await put('{')).body).toMatchObject({ status: 422, code: 'body-refused' });
    const message = JSON.parse(deadLetter.body.content) as { order: object };
    const other = JSON.stringify({ ...message, order: { ...message.order, id: '999' } });
    expect((await put(other)).body).toMatchObject({ code: 'body-refused', errors: [{ pointer: '/body' }] });
  });
});

describe('what earlier releases called a reason', () => {
  it('still finds, in addresses and in selections', async () => {
    const { message_id: id, ...before } = await firstLetter();
    const former = 'rejected-by-endput';
    const reason = 'rejected-by-store';
    const error = { code: reason, message: 'too long' };
    await endput.query('UPDATE dead_letters SET reason = $2, error = $3 WHERE message_id = $1', [id, reason, error]);
    const present = { message_id: id, reason, error: { code: reason } };
    for (const asked of [former, reason])
      for (const query of [`reason=${asked}`, `error_code=${asked}`])
        expect((await ask.get(`/v0/pipelines/orders/dead-letters?${query}`)).body).toMatchObject({ items: [present] });
    const selection = { filter: { reason: former, error_code: former } };
    const { body } = await ask.post('/v0/pipelines/orders/dead-letters/preview', { action: 'discard', selection });
    expect(body).toMatchObject({ total: 1, by_reason: [{ reason, count: 1 }] });
    expect((await ask.get('/v0/pipelines/orders/dead-letters?reason=refused-by-verifier')).body).toMatchObject({
      items: [],
    });
    await endput.query('UPDATE dead_letters SET reason = $2, error = $3 WHERE message_id = $1', [
      ...[id, before.reason, before.error],
    ]);
  });
});

describe('a redrive', () => {
  it('is previewed, stops itself when what goes first fails again, and is resumed or cancelled by a person', async () => {
    const before = await open();
    const selection = { filter: { reason: 'attempts-exhausted' } };
    const asked = { selection, stop_at_failed_share: 0.2, rate_per_second: 1_000 };
    const { body: preview } = await ask.post('/v0/pipelines/orders/dead-letters/preview', {
      action: 'redrive',
      ...asked,
    });
    expect(preview).toMatchObject({ total: before, already_stored: 0, canary: 20, by_reason: [{ count: before }] });
    const { body: job } = await ask.post<Job>('/v0/pipelines/orders/dead-letters/redrives', {
      ...asked,
      why: 'perhaps now',
    });
    const stopped = await ended(job.id, 'stopped');
    expect(stopped.done).toBe(20);
    expect(stopped.failed_again).toBeGreaterThan(4);
    expect((await ask.post(`/v0/pipelines/orders/jobs/${job.id}/pause`)).body).toMatchObject({
      status: 409,
      code: 'wrong-state',
    });
    expect((await ask.post(`/v0/pipelines/orders/jobs/${job.id}/cancel`, { why: 'no use' })).body).toMatchObject({
      state: 'cancelled',
    });
    const { body: history } = await ask.get<{ items: object[] }>(`/v0/pipelines/orders/history?job=${job.id}`);
    expect(history.items).toMatchObject([
      { action: 'redrive-cancelled', by: 'local', why: 'no use' },
      { action: 'redrive-stopped-itself', by: 'esteira' },
      { action: 'redrive-started', by: 'local', why: 'perhaps now' },
    ]);
    await vi.waitFor(async () => {
      expect(await open()).toBe(before);
    }, patient);
  });

  it('goes on when the console was killed in the middle', async () => {
    const before = await open();
    const asked = { selection: { filter: {} }, rate_per_second: 20, why: 'again' };
    const { body: job } = await ask.post<Job>('/v0/pipelines/orders/dead-letters/redrives', asked);
    await vi.waitFor(async () => {
      expect((await ask.get<Job>(`/v0/pipelines/orders/jobs/${job.id}`)).body.done).toBeGreaterThan(0);
    }, patient);
    await pipeline.console.end('SIGKILL');
    await pipeline.console.start();
    expect(await ended(job.id, 'finished')).toMatchObject({ total: before, done: before });
    await vi.waitFor(async () => {
      expect(await open()).toBe(before);
    }, patient);
    const [rounds] = await endput.query<{ least: number; most: number }>(
      `SELECT min(round) AS least, max(round) AS most FROM dead_letters WHERE state = 'dead'`,
    );
    expect(rounds).toEqual({ least: 2, most: 3 });
  });
});

it('a discard closes what it is for, with who and why', async () => {
  const before = await open();
  const { message_id: id } = await firstLetter();
  const { body: job } = await ask.post<Job>('/v0/pipelines/orders/dead-letters/discards', {
    selection: { message_ids: [id] },
    why: 'a test',
  });
  await ended(job.id, 'finished');
  expect((await ask.get(`/v0/pipelines/orders/dead-letters/${id}`)).body).toMatchObject({
    state: 'discarded',
    history: expect.arrayContaining([
      expect.objectContaining({ action: 'discarded', by: 'local', why: 'a test' }),
    ]) as unknown,
  });
  expect(await open()).toBe(before - 1);
});

describe('every error', () => {
  const why = 'x';
  it.each([
    ['/v0/pipelines/orders/dead-letters/preview', { action: 'redrive', selection: {} }],
    ['/v0/pipelines/orders/dead-letters/preview', { action: 'redrive', selection: { filter: { $where: '1' } } }],
    ['/v0/pipelines/orders/dead-letters/preview', { action: 'redrive', selection: { filter: { reason: { $ne: 1 } } } }],
    ['/v0/pipelines/orders/dead-letters/redrives', { selection: { message_ids: [] }, why }],
    ['/v0/pipelines/orders/dead-letters/redrives', { selection: { filter: {}, message_ids: [] }, why }],
    ['/v0/pipelines/orders/dead-letters/redrives', { selection: { filter: {} } }],
    ['/v0/pipelines/orders/dead-letters/redrives', { selection: { filter: {} }, why: 'a\u0000b' }],
    ['/v0/pipelines/orders/dead-letters/redrives', { selection: { filter: {} }, why, rate_per_second: 0 }],
    ['/v0/pipelines/orders/dead-letters/discards', { selection: { filter: { from: '2026-02-31T99:00:00Z' } }, why }],
  ])('POST %s %j is a problem', async (path, payload) => {
    expect((await ask.post(path, payload)).body).toMatchObject({ status: 400, code: 'invalid-request' });
  });
});
