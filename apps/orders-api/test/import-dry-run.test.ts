import iconv from 'iconv-lite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { form, FORM_TYPE, send, type Sent } from './importing.ts';
import { ordersIn, ownApi, type OwnApi } from './support.ts';

let api: OwnApi;
beforeAll(async () => {
  api = await ownApi();
});
afterAll(() => api.drop());

const rowsOf = async (table: string) =>
  (await api.postgres.query<{ n: number }>(`select count(*)::int as n from ${table}`))[0]?.n;

describe('a dry run', () => {
  const file = [
    'sep=;',
    'Datum;Artikel;Preis;',
    '31.01.2024 10:00:00,123456;Gießkanne;1.234,50;',
    ...['1.2.2024;b;2;', '1.2.2024; ;3;', ';d;0;', '1.2.2024;e;5;', '1.2.2024;f;6;'],
    ...['1.2.2024;g;n/a;', '31.2.2024;h;1;', '1.2.2024;i;x;', 'zu kurz'],
  ].join('\r\n');
  const query = {
    ...{ product: 'Artikel', price: 'Preis', created_at: 'Datum' },
    ...{ decimal: ',', date_format: 'dmy', time_zone: 'Europe/Berlin' },
  };

  it('answers with what was understood, the first five orders, and what would be refused', async () => {
    const type = 'text/csv; charset=windows-1252';
    const sent = { query: { ...query, dry_run: 'true' }, type, key: 'dry' };
    const { status, body } = await send(api, iconv.encode(file, 'windows-1252'), sent);
    expect(status).toBe(200);
    const order = (line: number, product: string, price: string, created_at: string | null) => {
      return { line, product, price, created_at, security_check: product.trim() !== '' && price !== '0.00' };
    };
    const midnight = '2024-01-31T23:00:00.000000Z';
    expect(body).toEqual({
      dry_run: true,
      file: {
        format: 'csv',
        charset: 'windows-1252',
        delimiter: ';',
        quote: '"',
        columns: ['Datum', 'Artikel', 'Preis'],
      },
      columns: { product: 'Artikel', price: 'Preis', created_at: 'Datum' },
      imported: 6,
      positive: 4,
      negative: 2,
      orders: [
        order(3, 'Gießkanne', '1234.50', '2024-01-31T09:00:00.123456Z'),
        order(4, 'b', '2.00', midnight),
        order(5, ' ', '3.00', midnight),
        order(6, 'd', '0.00', null),
        order(7, 'e', '5.00', midnight),
      ],
      refused: {
        count: 4,
        reasons: [
          expect.objectContaining({ rule: expect.stringMatching(/^the price … is not/) as string, count: 2, line: 9 }),
          expect.objectContaining({ count: 1, line: 10 }),
          {
            rule: 'the line has … fields, the header has 3',
            count: 1,
            line: 12,
            reason: 'the line has 1 fields, the header has 3',
          },
        ],
      },
    });
  });

  it('writes nothing, and remembers no key', async () => {
    for (const sent of [{}, { key: 'dry' }] satisfies Sent[])
      expect(await send(api, 'product,price\na,1\nb,x\n', { ...sent, query: { dry_run: 'true' } })).toMatchObject({
        status: 200,
      });
    expect(await Promise.all(['orders', 'imports', 'import_refusals'].map(rowsOf))).toEqual([0, 0, 0]);
    const { status } = await send(api, 'product,price\nanother,1\n', { key: 'dry' });
    expect([status, await rowsOf('orders')]).toEqual([201, 1]);
  });

  it('of a file in a form, or of NDJSON, says so too', async () => {
    const csv = form({ name: 'file', content: 'product,price\na,1\n', headers: '; filename="o.csv"' });
    const asked = { dry_run: 'true' };
    expect((await send(api, csv, { type: FORM_TYPE, query: asked })).body).toMatchObject({ imported: 1 });
    const { body } = await send(api, '{"product":"a","price":1}\nx\n', { type: 'text/plain', query: asked });
    expect(body).toMatchObject({ file: { format: 'ndjson' }, imported: 1, refused: { count: 1 } });
  });

  it('tells as an import does why it can not read a file', async () => {
    const { status, body } = await send(api, 'a,b\n1,2\n', { query: { dry_run: 'true' } });
    expect([status, body.code]).toEqual([400, 'columns-not-found']);
  });

  it('counts what an import then does', async () => {
    const { body: dry } = await send(api, iconv.encode(file, 'windows-1252'), {
      query: { ...query, charset: 'windows-1252', dry_run: 'true' },
    });
    const { body: wet } = await send(api, iconv.encode(file, 'windows-1252'), {
      query: { ...query, charset: 'windows-1252' },
    });
    const counts = ({ imported, positive, negative, refused }: typeof wet) => [
      imported,
      positive,
      negative,
      refused.count,
    ];
    expect(counts(dry)).toEqual(counts(wet));
    expect((await ordersIn(api.postgres)).at(1)).toMatchObject({ product: 'Gießkanne', price: '1234.50' });
  });
});
