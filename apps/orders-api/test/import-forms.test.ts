import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { importByKey } from '@esteira/orders/source';
import iconv from 'iconv-lite';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { form, FORM_TYPE, IMPORT, send } from './importing.ts';
import { ordersIn, ownApi, until, type OwnApi } from './support.ts';

let api: OwnApi;
beforeAll(async () => {
  api = await ownApi();
});
afterAll(() => api.drop());
beforeEach(() => api.postgres.query('truncate orders'));

const products = async () => (await ordersIn(api.postgres)).map(({ product }) => product);
const FILE = { name: 'file', headers: '; filename="orders.csv"\r\nContent-Type: application/octet-stream' };

describe('a form', () => {
  const csv = 'product,price\na,1\n';

  it.each([
    ['a file', form({ ...FILE, content: csv })],
    ['a file packed with gzip', form({ ...FILE, content: gzipSync(csv) })],
    [
      'a file of its own charset',
      form({
        name: 'f',
        content: iconv.encode(csv, 'utf-16be'),
        headers: '\r\nContent-Type: text/csv; charset=utf-16be',
      }),
    ],
    ['a field without a name of a file', form({ name: 'f', content: csv })],
    ['all of it packed with gzip', gzipSync(form({ ...FILE, content: csv }))],
  ])('with %s is imported', async (_what, body) => {
    const cuts = Array.from({ length: body.length }, (_, i) => i);
    expect(await send(api, body, { type: FORM_TYPE, cuts })).toMatchObject({ status: 201, body: { imported: 1 } });
    expect(await products()).toEqual(['a']);
  });

  it('whose part says text/tab-separated-values is read so', async () => {
    const body = form({
      name: 'f',
      content: 'product\tprice\na,b\t1\n',
      headers: '\r\nContent-Type: text/tab-separated-values',
    });
    await send(api, body, { type: FORM_TYPE });
    expect(await products()).toEqual(['a,b']);
  });

  it.each([
    ['two files', form({ ...FILE, content: csv }, { ...FILE, name: 'more', content: csv }), 'more'],
    ['a field beside the file', form({ ...FILE, content: csv }, { name: 'product', content: 'x' }), 'product'],
    [
      'a field before the file',
      form({ name: 'product', content: 'product,price\n' }, { ...FILE, content: csv }),
      'file',
    ],
    ['nothing in it', form(), 'no file'],
    ['no end', form({ ...FILE, content: csv }).subarray(0, -8), 'end is missing'],
    ['no beginning', Buffer.from(csv), 'no file'],
    ['no byte', Buffer.alloc(0), 'no file'],
    ['a file in base64', form({ ...FILE, content: csv, headers: '\r\nContent-Transfer-Encoding: base64' }), 'base64'],
  ])('with %s is refused', async (_what, body, why) => {
    const { status, body: answer } = await send(api, body, { type: FORM_TYPE });
    expect([status, answer.code]).toEqual([400, 'form-refused']);
    expect(answer.detail).toContain(why);
  });

  it('without a boundary is refused', async () => {
    const { body } = await send(api, form({ ...FILE, content: csv }), { type: 'multipart/form-data' });
    expect(body).toMatchObject({ code: 'form-refused' });
  });

  it('that its client leaves in the middle is let go, and goes on where it stopped', async () => {
    const rows = Array.from({ length: 9_000 }, (_, i) => `${i} CDs,1`).join('\n');
    const body = form({ ...FILE, content: `product,price\n${rows}` });
    // More than are imported at once: none may be left over.
    for (let i = 1; i <= 6; i++) {
      const headers = { 'content-type': FORM_TYPE, 'idempotency-key': 'left', 'content-length': body.length };
      const client = request(api.url + IMPORT, { method: 'POST', headers });
      client.on('error', () => undefined);
      client.write(body.subarray(0, body.length * 0.8));
      await until(
        async () => (await importByKey(api.postgres, 'left'))?.position ?? 0,
        (position) => position >= 2_000,
      );
      const closed = new Promise((resolve) => client.once('close', resolve));
      client.destroy();
      await closed;
    }
    const answer = await until(
      () => send(api, body, { type: FORM_TYPE, key: 'left' }),
      ({ status }) => status !== 409 && status !== 503,
    );
    expect(answer).toMatchObject({ status: 201, body: { imported: 9_000 } });
    expect(new Set(await products()).size).toBe(9_000);
    expect(await products()).toHaveLength(9_000);
  });
});
