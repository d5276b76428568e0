import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownApi, until, type OwnApi } from './support.ts';

let api: OwnApi;
beforeAll(async () => {
  api = await ownApi();
});
afterAll(() => api.drop());

const post = async (path: string, payload?: object) => {
  const response = await api.app.inject({ method: 'POST', url: path, ...(payload === undefined ? {} : { payload }) });
  return { status: response.statusCode, body: response.json<Record<string, unknown>>() };
};
interface Status {
  cursor: { status: string; published_count: number };
  run: { run_id: string; phase: string } | null;
  behind: { rows: number };
  watermark: { held_by: object | null };
}
const status = async () => (await api.app.inject('/v0/process/status')).json<Status>();
const metric = async (line: RegExp) => line.exec((await api.app.inject('/metrics')).body)?.[1];

describe('inserted data', () => {
  it('has exactly the rows of each kind that were asked for, evenly mixed', async () => {
    const asked = { positive_inserts: 700, negative_inserts: 300 };
    expect(await post('/v0/insert-data', asked)).toEqual({ status: 201, body: asked });
    const rows = await api.postgres.query<{ ok: boolean; low: string; high: string; n: number; half: number }>(
      `select security_check as ok, min(price) as low, max(price) as high, count(*)::int as n,
         (count(*) filter (where id <= 500))::int as half
       from orders group by 1 order by 1`,
    );
    expect(rows).toMatchObject([
      { ok: false, n: 300, half: 150 },
      { ok: true, n: 700, half: 350 },
    ]);
    for (const { low, high } of rows) expect([Number(low) > 0, Number(high) < 1_000]).toEqual([true, true]);
  });

  it('is inserted in transactions of at most 10,000 rows', async () => {
    await post('/v0/insert-data', { positive_inserts: 20_001, negative_inserts: 4 });
    const chunks = await api.postgres.query<{ n: number }>(
      `select count(*)::int as n from orders where id > 1000 group by transaction_id order by transaction_id`,
    );
    expect(chunks.map(({ n }) => n)).toEqual([10_000, 10_000, 5]);
  });
});

describe('a run', () => {
  it('publishes what is waiting, and ends at the watermark', async () => {
    expect((await status()).behind).toEqual({ rows: 21_005, more: false });
    expect(await metric(/^esteira_rows_behind\{[^}]*\} (\d+)/m), 'a scrape counts no further').toBe('10000');
    const started = await post('/v0/process/run');
    expect(started).toEqual({
      status: 202,
      body: {
        system: api.system,
        message: 'Running process',
        run_id: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      },
    });
    const end = await until(status, ({ cursor }) => cursor.status === 'FINISHED');
    expect(end).toMatchObject({
      cursor: { published_count: 21_005, follow: false, max_attempts: 5 },
      run: null,
      behind: { rows: 0 },
      broker: { connected: true, blocked: null },
    });
    expect(await metric(/^esteira_published_total\{pipeline="orders"[^}]*\} (\d+)/m)).toBe('21005');
    expect(await metric(/^esteira_rows_behind\{pipeline="orders"[^}]*\} (\d+)/m)).toBe('0');
    expect(await metric(/^esteira_run_state\{pipeline="orders",state="FINISHED"[^}]*\} (\d+)/m)).toBe('1');
  });

  it('is the one that a status tells of, however soon it follows another', async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      const { body } = await post('/v0/process/run', { follow: true });
      expect((await status()).run).toMatchObject({ run_id: body['run_id'] });
      expect((await status()).run).toMatchObject({ run_id: body['run_id'] });
      await post('/v0/process/stop');
      expect(await status()).toMatchObject({ run: null, cursor: { status: 'IDLE' } });
    }
  });

  it('is the only one: a second is refused, and so is clear, until it was stopped', async () => {
    const first = await post('/v0/process/run', { follow: true, max_attempts: 3 });
    expect(first.status).toBe(202);
    await until(status, ({ run }) => run?.phase === 'following');
    const refused = { status: 409, body: { code: 'already-running', run_id: first.body['run_id'] } };
    expect(await post('/v0/process/run')).toMatchObject(refused);
    expect(await post('/v0/process/clear')).toMatchObject(refused);
    expect(await post('/v0/process/stop')).toEqual({ status: 200, body: { system: api.system, stopped: true } });
    expect(await post('/v0/process/stop')).toMatchObject({ body: { stopped: false } });
    expect((await status()).cursor.status).not.toBe('RUNNING');
  });

  it('publishes everything again after clear', async () => {
    expect(await post('/v0/process/clear')).toEqual({ status: 200, body: { system: api.system, cleared: true } });
    expect(await status()).toMatchObject({ cursor: { status: 'IDLE', published_count: 0 }, behind: { rows: 21_005 } });
    await post('/v0/process/run');
    const end = await until(status, ({ cursor }) => cursor.status === 'FINISHED');
    expect(end.cursor.published_count).toBe(21_005);
  });

  it('takes a body of its own content type and no body alike', async () => {
    for (const headers of [{}, { 'content-type': 'application/json' }]) {
      const response = await api.app.inject({ method: 'POST', url: '/v0/process/unblock', headers });
      expect(response.json()).toEqual({ system: api.system, unblocked: false });
    }
  });

  it('shows who holds the watermark back', async () => {
    const { promise: held, resolve: end } = Promise.withResolvers<undefined>();
    const open = api.postgres.transaction(async (sql) => {
      await sql.query(`insert into orders (product, price, security_check) values ('late', 1, true)`);
      await held;
    });
    // The watermark is held as soon as a later transaction has ended.
    await post('/v0/insert-data', { positive_inserts: 1, negative_inserts: 0 });
    const seen = await until(status, ({ watermark }) => watermark.held_by !== null);
    expect(seen).toMatchObject({
      behind: { rows: 1 },
      watermark: { held_by: { kind: 'backend', application: 'api test' } },
    });
    end(undefined);
    await open;
  });
});
