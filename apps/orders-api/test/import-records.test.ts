import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { form, FORM_TYPE, send } from './importing.ts';
import { ordersIn, ownApi, type OwnApi } from './support.ts';

let api: OwnApi;
beforeAll(async () => {
  api = await ownApi();
});
afterAll(() => api.drop());
beforeEach(() => api.postgres.query('truncate orders'));

interface RecordOf {
  readonly text: string;
  /** Undefined for one that is refused. */
  readonly product?: string;
}

const lineEnd = fc.constantFrom('\n', '\r\n', '\r');
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
/** Values hold line ends of all kinds. */
const value = fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', ';', '\n', '\r', '\r\n', ' '), maxLength: 6 });
const plain = fc.string({ unit: fc.constantFrom('a', 'é', ';', ' '), minLength: 1, maxLength: 6 });
const record: fc.Arbitrary<RecordOf> = fc.oneof(
  value.map((product) => ({ text: `${quoted(product)},1`, product })),
  plain.map((product) => ({ text: `${product},1`, product })),
  plain.map((product) => ({ text: `${product},1,`, product })),
  fc.constantFrom('a,x', 'a', 'a,1,2', 'a"b,1', '"a" b,1', '"a,1').map((text) => ({ text })),
);
/** A record, the end of its line, and blank lines after it. */
const lines = fc.array(
  fc.tuple(record, lineEnd, fc.array(fc.tuple(fc.constantFrom('', ' '), lineEnd), { maxLength: 2 })),
  {
    maxLength: 12,
  },
);

describe('an import', () => {
  it('reads rows whose lines end with CR alone', async () => {
    const { status, body } = await send(api, 'name,price\rmug,1.50\r', { query: { product: 'name' } });
    expect({ status, imported: body.imported, refused: body.refused.count }).toEqual({
      status: 201,
      imported: 1,
      refused: 0,
    });
    expect(await ordersIn(api.postgres)).toMatchObject([{ product: 'mug', price: '1.50' }]);
  });

  it('takes no end of a line for a part of a value, and counts lines as an editor does', async () => {
    const { body } = await send(api, 'price,product\r\n1,a\r2,b\n\r3,c\r\r\n4,d\r\nx,e\r5,f', {});
    expect((await ordersIn(api.postgres)).map(({ product }) => product)).toEqual(['a', 'b', 'c', 'd', 'f']);
    expect(body.refused.rows.map(({ line }) => line)).toEqual([8]);
  });

  it(
    'imports or refuses each record of a file, whatever ends its lines, however it is packed and cut',
    { timeout: 120_000 },
    async () => {
      const shape = fc.record({
        gzip: fc.boolean(),
        inForm: fc.boolean(),
        charset: fc.constantFrom('utf-8', 'utf-16le', 'utf-16be', 'windows-1252'),
        headerEnd: lineEnd,
        endsWithEnd: fc.boolean(),
      });
      const cuts = fc.array(fc.nat(), { maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(lines, shape, cuts, async (all, { gzip, inForm, charset, headerEnd, endsWithEnd }, at) => {
          await api.postgres.query('truncate orders');
          // A quote that is never closed takes what follows for its own until nothing can close it.
          const isOpen = ([{ text }]: (typeof all)[number]) => text === '"a,1';
          const kept = all.filter(
            (line, i) => !isOpen(line) || all.slice(i + 1).every(([{ text }]) => !text.includes('"')),
          );
          const text = kept.map(([{ text: line }, end, blank]) => line + end + blank.flat().join('')).join('');
          const file = `product,price${headerEnd}${endsWithEnd ? text : text.replace(/[\r\n ]+$/, '')}`;
          const packed = gzip ? gzipSync(iconv.encode(file, charset)) : iconv.encode(file, charset);
          const body = inForm ? form({ name: 'file', content: packed, headers: '; filename="o.csv"' }) : packed;
          const sent = { query: { charset }, cuts: at, type: inForm ? FORM_TYPE : 'text/csv' };
          const { body: answer } = await send(api, body, sent);
          expect(answer.imported + answer.refused.count).toBe(kept.length);
          const products = kept.flatMap(([{ product }]) => product ?? []);
          expect((await ordersIn(api.postgres)).map(({ product }) => product)).toEqual(products);
        }),
        { numRuns: 150 },
      );
    },
  );

  it('refuses a line without an end, and holds a piece of it at most', async () => {
    const file = `product,price\n${'x'.repeat(5_000_000)}`;
    for (const content of [file, iconv.encode(`\ufeff${file}`, 'utf-16le')]) {
      const { body } = await send(api, content, { cuts: Array.from({ length: 100 }, (_, i) => i * 65_536) });
      expect(body).toMatchObject({ imported: 0, refused: { count: 1, rows: [{ line: 2 }] } });
      expect(body.refused.rows[0]?.reason).toBe('the line is longer than 1 MiB');
    }
  });
});
