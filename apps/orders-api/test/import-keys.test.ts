import { gzipSync } from 'node:zlib';
import iconv from 'iconv-lite';
import { importByKey } from '@esteira/orders/source';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { form, FORM_TYPE, send } from './importing.ts';
import { ordersIn, ownApi, type OwnApi } from './support.ts';

let api: OwnApi;
beforeAll(async () => {
  api = await ownApi();
});
afterAll(() => api.drop());
beforeEach(() => api.postgres.query('truncate orders'));

const csv = 'product,price\na,1\n';
const inForm = (content: string | Buffer) => form({ name: 'file', content, headers: '; filename="orders.csv"' });

describe('a key', () => {
  it.each([
    ['decimal', '.'],
    ['currency', 'EUR'],
    ['date_format', 'dmy'],
    ['time_zone', 'Europe/Berlin'],
    ['quote', ''],
    ['header_line', '1'],
    ['charset', 'windows-1252'],
    ['delimiter', ','],
  ])('belongs to an import with its %s: another is another import', async (name, value) => {
    const key = `with ${name}`;
    expect(await send(api, csv, { key })).toMatchObject({ status: 201 });
    expect(await send(api, csv, { key, query: { [name]: value } })).toMatchObject({ status: 422 });
    expect(await send(api, csv, { key })).toMatchObject({ status: 201 });
    const other = `first with ${name}`;
    expect(await send(api, csv, { key: other, query: { [name]: value } })).toMatchObject({ status: 201 });
    expect(await send(api, csv, { key: other })).toMatchObject({ status: 422 });
    expect(await ordersIn(api.postgres)).toHaveLength(2);
  });

  it('belongs to the file, in whatever it is sent', async () => {
    const first = await send(api, csv, { key: 'sent' });
    for (const [body, type] of [
      [inForm(csv), FORM_TYPE],
      [inForm(gzipSync(csv)), FORM_TYPE],
      [gzipSync(csv), 'application/gzip'],
      [csv, 'text/plain; charset=utf-8'],
    ] as const)
      expect(await send(api, body, { key: 'sent', type })).toEqual(first);
    expect(await send(api, inForm('product,price\nb,1\n'), { key: 'sent', type: FORM_TYPE })).toMatchObject({
      status: 422,
    });
    expect(await ordersIn(api.postgres)).toHaveLength(1);
  });

  it('takes a charset that is said in two ways for the same', async () => {
    const file = iconv.encode('product,price\nß,1\n', 'windows-1252');
    const first = await send(api, file, { key: 'charset', type: 'text/csv; charset=latin1' });
    expect(await send(api, file, { key: 'charset', query: { charset: 'windows-1252' } })).toEqual(first);
  });

  it('goes on with a form in another charset where it was cut, and doubles nothing', async () => {
    const rows = Array.from({ length: 9_000 }, (_, i) => `Gießkanne ${i},1${i % 7 === 0 ? 'x' : ''}\r`).join('');
    const file = iconv.encode(`product,price\r${rows}`, 'utf-16le');
    const sent = { key: 'cut', query: { charset: 'utf-16le' } };
    for (const share of [0.3, 0.7]) {
      const whole = inForm(file);
      const { status } = await send(api, whole.subarray(0, whole.length * share), { ...sent, type: FORM_TYPE });
      expect(status).toBe(400);
      const position = (await importByKey(api.postgres, 'cut'))?.position ?? 0;
      expect(position % 2_000).toBe(0);
    }
    expect((await importByKey(api.postgres, 'cut'))?.position).toBeGreaterThan(0);
    const changed = iconv.encode(`product,price\r${rows.replace('Gießkanne 17,', 'Kanne 17,')}`, 'utf-16le');
    expect(await send(api, inForm(changed), { ...sent, type: FORM_TYPE })).toMatchObject({ status: 422 });
    const { body } = await send(api, inForm(gzipSync(file)), { ...sent, type: FORM_TYPE });
    const refused = Math.ceil(9_000 / 7);
    expect(body).toMatchObject({ imported: 9_000 - refused, refused: { count: refused } });
    const stored = await ordersIn(api.postgres);
    expect([stored.length, new Set(stored.map(({ product }) => product)).size]).toEqual([
      9_000 - refused,
      9_000 - refused,
    ]);
  });
});
