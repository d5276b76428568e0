import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { importByKey } from '@esteira/orders/source';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ordersIn, ownApi, until, type OwnApi } from './support.ts';

interface Imported {
  import_id: string;
  imported: number;
  positive: number;
  negative: number;
  refused: { count: number; rows: { line: number; reason: string }[]; all: string };
}

let api: OwnApi;
beforeAll(async () => {
  api = await ownApi();
});
afterAll(() => api.drop());
beforeEach(() => api.postgres.query('truncate orders'));

const PATH = '/v0/orders/import';

async function send(
  payload: string | Buffer,
  { query = '', type = 'text/csv', ...headers }: Record<string, string> = {},
) {
  const response = await api.app.inject({
    method: 'POST',
    url: PATH + query,
    headers: { 'content-type': type, ...headers },
    payload,
  });
  return { status: response.statusCode, body: response.json<Imported & { code?: string }>() };
}

/** A file of `rows` rows, in pieces of some 64 KB; `hold` is waited for in its middle. */
async function* file(rows: number, hold?: Promise<unknown>): AsyncGenerator<string> {
  let piece = 'product,price\n';
  for (let i = 1; i <= rows; i++) {
    piece += `${i} CDs,${i % 100}.25\n`;
    if (hold !== undefined && i === rows / 2) {
      yield piece;
      piece = '';
      await hold;
    }
    if (piece.length < 65_536) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

const upload = (body: Readable, headers: Record<string, string> = {}, signal?: AbortSignal) =>
  fetch(api.url + PATH, {
    method: 'POST',
    headers: { 'content-type': 'text/csv', ...headers },
    body: Readable.toWeb(body),
    duplex: 'half',
    ...(signal === undefined ? {} : { signal }),
  });

const stands = async (key: string) => (await importByKey(api.postgres, key))?.position ?? 0;

describe('an import', () => {
  it('says what came in, and what was refused and why', async () => {
    const csv = [
      'ordered_at;Description;UnitPrice',
      '1997-01-01;"2 CDs; ""new""";29.33',
      '1997-01-02T10:00:00.123456Z;zero;0',
      '1997-01-03; ;5',
      '1997-01-04;dear;n/a',
      ';now;1',
    ].join('\r\n');
    const query = '?product=Description&price=UnitPrice&created_at=ordered_at';
    const { status, body } = await send(csv, { query });
    expect(status).toBe(201);
    expect(body).toEqual({
      import_id: expect.any(String) as string,
      imported: 4,
      positive: 2,
      negative: 2,
      refused: {
        count: 1,
        rows: [{ line: 5, reason: 'the price "n/a" is not a number' }],
        all: `${PATH}/${body.import_id}/refused`,
      },
    });
    const rows = await ordersIn(api.postgres);
    expect(rows).toEqual([
      { product: '2 CDs; "new"', price: '29.33', security_check: true, created_at: '1997-01-01 00:00:00+00' },
      { product: 'zero', price: '0.00', security_check: false, created_at: '1997-01-02 10:00:00.123456+00' },
      { product: ' ', price: '5.00', security_check: false, created_at: '1997-01-03 00:00:00+00' },
      { product: 'now', price: '1.00', security_check: true, created_at: expect.stringMatching(/^20/) as string },
    ]);
  });

  it.each([
    ['plain', 'text/csv', (csv: string) => Buffer.from(csv), {}],
    ['with a byte order mark', 'text/csv', (csv: string) => Buffer.from(`\ufeff${csv}`), {}],
    ['gzip, said so', 'text/csv', gzipSync, { 'content-encoding': 'gzip' }],
    ['gzip, as a type', 'application/gzip', gzipSync, {}],
    ['gzip, not said', 'application/octet-stream', gzipSync, {}],
  ] as const)('reads CSV that is %s', async (_how, type, pack, headers) => {
    const { body } = await send(pack('product,price\na,1\nb,2\n'), { type, ...headers });
    expect(body).toMatchObject({ imported: 2, refused: { count: 0, rows: [] } });
  });

  it.each([
    ['application/x-ndjson', (text: string) => Buffer.from(text)],
    ['application/octet-stream', (text: string) => Buffer.from(`\ufeff${text}`)],
    ['application/gzip', gzipSync],
  ] as const)('reads NDJSON of the type %s', async (type, pack) => {
    const { body } = await send(pack('{"product":"a","price":29.33}\n{"product":"b","price":"0.10"}\n'), { type });
    expect(body).toMatchObject({ imported: 2, positive: 2 });
    expect((await ordersIn(api.postgres)).map(({ price }) => price)).toEqual(['29.33', '0.10']);
  });

  it('names the columns of the file where it lacks those asked for, and imports nothing', async () => {
    const { status, body } = await send('Description,UnitPrice\na,1\n', { 'idempotency-key': 'columns' });
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'columns-not-found', columns: ['Description', 'UnitPrice'] });
    const query = '?product=Description&price=UnitPrice';
    expect(await send('Description,UnitPrice\na,1\n', { query, 'idempotency-key': 'columns' })).toMatchObject({
      status: 201,
    });
  });

  it('shows a thousand refused rows, and has all of them behind a link', async () => {
    const bad = Array.from({ length: 2_345 }, (_, i) => `a,${i % 2 === 0 ? 'x' : '1'}`);
    const { body } = await send(['product,price', ...bad].join('\n'));
    expect(body.refused.count).toBe(1_173);
    expect(body.refused.rows).toHaveLength(1_000);
    const response = await api.app.inject(body.refused.all);
    expect(response.headers['content-type']).toContain('application/x-ndjson');
    const lines = response.body.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { line: number }).line)).toEqual(
      bad.flatMap((row, i) => (row === 'a,x' ? [i + 2] : [])),
    );
  });

  it('commits transactions of few rows, so that the watermark moves on', async () => {
    expect((await upload(Readable.from(file(25_000)))).status).toBe(201);
    const [chunks] = await api.postgres.query<{ most: number }>(
      'select max(n)::int as most from (select count(*) as n from orders group by transaction_id) as t',
    );
    expect(chunks?.most).toBeLessThanOrEqual(10_000);
  });
});

describe('an import with a key', () => {
  it('gives the first answer again, and imports nothing twice', async () => {
    const csv = 'product,price\na,1\nb,x\n';
    const first = await send(csv, { 'idempotency-key': 'twice' });
    expect(await send(csv, { 'idempotency-key': 'twice' })).toEqual(first);
    expect(await send(gzipSync(csv), { 'idempotency-key': 'twice', type: 'application/gzip' })).toEqual(first);
    expect(await ordersIn(api.postgres)).toHaveLength(1);
  });

  it.each([
    ['other bytes', 'product,price\na,2\n', ''],
    ['more bytes', 'product,price\na,1\nb,1\n', ''],
    ['fewer bytes', 'product,price\n', ''],
    ['other columns', 'product,price\na,1\n', '?product=price&price=price'],
  ])('refuses %s under the same key', async (what, csv, query) => {
    const key = `other ${what}`;
    await send('product,price\na,1\n', { 'idempotency-key': key });
    expect(await send(csv, { 'idempotency-key': key, query })).toMatchObject({
      status: 422,
      body: { code: 'idempotency-key-reused' },
    });
    expect(await ordersIn(api.postgres)).toHaveLength(1);
  });

  it('is alone under its key: the same request at the same time is refused', async () => {
    const { promise: hold, resolve: release } = Promise.withResolvers<undefined>();
    const first = upload(Readable.from(file(6_000, hold)), { 'idempotency-key': 'at once' });
    await until(
      () => stands('at once'),
      (position) => position > 0,
    );
    const second = await upload(Readable.from(file(6_000)), { 'idempotency-key': 'at once' });
    expect(second.status).toBe(409);
    expect(await second.json()).toMatchObject({ code: 'import-in-progress' });
    release(undefined);
    expect((await first).status).toBe(201);
    expect(await ordersIn(api.postgres)).toHaveLength(6_000);
  });

  it('goes on where it stopped when the client went away', async () => {
    const gone = new AbortController();
    const never = new Promise(() => undefined);
    const headers = { 'idempotency-key': 'gone' };
    const first = upload(Readable.from(file(10_000, never)), headers, gone.signal);
    await until(
      () => stands('gone'),
      (position) => position >= 4_000,
    );
    gone.abort();
    await expect(first).rejects.toThrow();
    const again = await until(
      async () => upload(Readable.from(file(10_000)), headers),
      ({ status }) => status !== 409,
    );
    expect(await again.json()).toMatchObject({ imported: 10_000, refused: { count: 0 } });
    const [row] = await api.postgres.query<{ n: number }>('select count(distinct product)::int as n from orders');
    expect([row?.n, (await ordersIn(api.postgres)).length]).toEqual([10_000, 10_000]);
  });

  it('does not go on with a file that began differently', async () => {
    const headers = { 'idempotency-key': 'changed', type: 'application/gzip' };
    const rows = Array.from({ length: 5_000 }, (_, i) => `${i} CDs,1`).join('\n');
    const cutOff = gzipSync(`product,price\n${rows}`).subarray(0, -9);
    expect(await send(cutOff, headers)).toMatchObject({
      status: 400,
      body: { code: 'body-not-gzip', imported: 4_000 },
    });
    const changed = `product,price\n${rows.replace('17 CDs', '18 CDs')}`;
    expect(await send(changed, { ...headers, type: 'text/csv' })).toMatchObject({ status: 422 });
    expect(await send(`product,price\n${rows}`, { ...headers, type: 'text/csv' })).toMatchObject({
      status: 201,
      body: { imported: 5_000 },
    });
    expect(await ordersIn(api.postgres)).toHaveLength(5_000);
  });
});

describe('a large import', () => {
  it('takes no more memory than a small one', async () => {
    // What is garbage already does not count: when it is collected is V8's business.
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const used = () => {
      collect();
      const { heapUsed, external, arrayBuffers } = process.memoryUsage();
      return heapUsed + external + arrayBuffers;
    };
    /** Rows that are refused go all the way but the database's: what is measured is the way of the bytes. */
    async function* wide(megabytes: number): AsyncGenerator<string> {
      yield 'product,price\n';
      const piece = `${'x'.repeat(10_000)},n/a\n`.repeat(6);
      for (let pieces = 0; pieces * piece.length < megabytes * 1e6; pieces++) {
        yield piece;
        if (pieces % 60 === 0) peak = Math.max(peak, used());
        await Promise.resolve();
      }
    }
    let peak = 0;
    await upload(Readable.from(wide(5)));
    const small = peak;
    peak = 0;
    const response = await upload(Readable.from(wide(50)));
    expect(response.status).toBe(201);
    expect(((await response.json()) as Imported).refused.count).toBeGreaterThan(4_900);
    expect(peak - small).toBeLessThan(20e6);
  });

  it('holds a fast client back while Postgres is slow', async () => {
    const { promise: isLocked, resolve: locked } = Promise.withResolvers<undefined>();
    const { promise: hold, resolve: unlock } = Promise.withResolvers<undefined>();
    const lock = api.postgres.transaction(async (sql) => {
      await sql.query('lock table orders in exclusive mode');
      locked(undefined);
      await hold;
    });
    await isLocked;
    const target = new URL(api.url + PATH);
    const client = httpRequest(target, { method: 'POST', headers: { 'content-type': 'text/csv' } });
    const answered = once(client, 'response');
    client.write('product,price\n');
    const piece = `${'x'.repeat(10_000)},1\n`.repeat(6);
    let sent = 0;
    // A client that is held back can write no more: nothing drains although it waits for as long as a second.
    const stuck = async () => {
      while (client.write(piece)) sent += piece.length;
      sent += piece.length;
      const waited = AbortSignal.timeout(1_000);
      return once(client, 'drain', { signal: waited }).then(
        () => false,
        () => true,
      );
    };
    while (!(await stuck())) if (sent > 60e6) break;
    expect(sent).toBeLessThan(30e6);
    unlock(undefined);
    await lock;
    client.end();
    const [response] = (await answered) as [{ statusCode: number }];
    expect(response.statusCode).toBe(201);
  });
});
