import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readHeader } from '../src/import/csv-header.ts';
import { RecordFile, type FileOptions } from '../src/import/file.ts';
import { MAX_LINE_BYTES } from '../src/import/line-splitter.ts';
import type { Part } from '../src/import/record.ts';

const mapping = { product: 'product', price: 'price', createdAt: 'created_at', createdAtRequired: false };

/** Cuts bytes at the given places and reads them as a body does. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end)).filter(({ length }) => length > 0);
}

async function read(file: string | Buffer, options: Partial<FileOptions> = {}, places: readonly number[] = []) {
  const bytes = typeof file === 'string' ? Buffer.from(file) : file;
  async function* chunks(): AsyncGenerator<Buffer> {
    yield* cut(bytes, places);
    await Promise.resolve();
  }
  const parts: Part[] = [];
  const body = {
    bytes: chunks(),
    head: bytes.subarray(0, 8),
    type: {},
    charset: 'utf-8',
    close: () => undefined,
  } as const;
  for await (const some of new RecordFile(body, { mapping, quote: '"', ...options }).parts())
    for (const part of some) parts.push(part);
  return parts;
}

const rowsOf = (parts: readonly Part[]) => parts.flatMap((part) => (part.kind === 'row' ? [part.raw] : []));
const refusedOf = (parts: readonly Part[]) =>
  parts.flatMap((part) => (part.kind === 'refused' ? [[part.line, part.reason]] : []));

const delimiters = fc.constantFrom(',', ';', '\t', '|', '::');
const places = fc.array(fc.nat(), { maxLength: 8 });
/** Texts with everything that CSV has to quote. */
const field = fc.string({
  unit: fc.constantFrom('a', 'é', '日', '"', ',', ';', '\n', '\r\n', ' ', '\t', '|'),
  maxLength: 8,
});
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

describe('a CSV file', () => {
  it('gives back every row, whatever is in its fields, however it is cut', async () => {
    const table = fc.array(fc.tuple(field, field, field), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        table,
        delimiters,
        places,
        fc.boolean(),
        fc.constantFrom('\n', '\r\n'),
        async (rows, by, at, mark, end) => {
          const lines = [['price', 'note', 'product'], ...rows].map((row) => row.map(quoted).join(by));
          const file = `${mark ? '\ufeff' : ''}${lines.join(end)}`;
          const parts = await read(file, {}, at);
          expect(rowsOf(parts)).toEqual(rows.map(([price, , product]) => ({ price, product })));
          expect(Buffer.concat(parts.map(({ bytes }) => bytes)).toString()).toBe(file);
        },
      ),
    );
  });

  it('refuses a broken line alone, with its number', async () => {
    const good = fc.constantFrom('1,a', '2,"b, c"', '3,"d ""e"""');
    const bad = fc.constantFrom('4,x"y', '5,"z" z', '6,"open', '7', '8,9,10', '11,"half ""open');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(good, bad), { maxLength: 30 }), places, async (lines, at) => {
        const isBad = lines.map((line) => !/^[123],/.test(line));
        const parts = await read(['price,product', ...lines, ''].join('\n'), {}, at);
        const expected = isBad.flatMap((broken, i) => (broken ? [i + 2] : []));
        expect(refusedOf(parts).map(([line]) => line)).toEqual(expected);
        expect(rowsOf(parts)).toHaveLength(lines.length - expected.length);
      }),
    );
  });

  it('reads on after a quote that is never closed', async () => {
    const parts = await read('product,price\n"a,1\nb,2\n"c",3\nd,4\n');
    expect(rowsOf(parts).map(({ product }) => product)).toEqual(['b', 'c', 'd']);
    expect(refusedOf(parts)).toEqual([[2, 'a quote is never closed']]);
  });

  it('refuses a line that is too long, and not the next one', async () => {
    const file = `product,price\n${'x'.repeat(3 * MAX_LINE_BYTES)},1\nb,2\n`;
    for (const at of [[], [MAX_LINE_BYTES, 2 * MAX_LINE_BYTES + 5], [file.length - 6]]) {
      const parts = await read(file, {}, at);
      expect(refusedOf(parts)).toEqual([[2, 'the line is longer than 1 MiB']]);
      expect(rowsOf(parts)).toEqual([{ product: 'b', price: '2' }]);
      expect(Buffer.concat(parts.map(({ bytes }) => bytes)).toString()).toBe(file);
    }
  });

  it('refuses a line that is not UTF-8, and not the next one', async () => {
    const file = Buffer.concat([Buffer.from('product,price\ncaf'), Buffer.from([0xe9]), Buffer.from(',1\nb,2\n')]);
    const parts = await read(file);
    expect(refusedOf(parts)).toEqual([[2, 'the line is not UTF-8. Say what it is, for example ?charset=windows-1252']]);
    expect(rowsOf(parts)).toHaveLength(1);
  });

  it('skips blank lines, before the header too, and counts them', async () => {
    const parts = await read('\n\r\nproduct,price\n\na,x\n');
    expect(parts.find(({ kind }) => kind === 'row')).toMatchObject({ line: 5 });
    // However many: each costs the same.
    const many = await read(`${'\n'.repeat(1_000_000)}product,price\na,1\n`);
    expect(many.find(({ kind }) => kind === 'row')).toMatchObject({ line: 1_000_002 });
  });

  it('takes the delimiter under which the columns are there', () => {
    const found = (line: string) => readHeader(line, mapping, { quote: '"' });
    expect(found('a,b;product;price')).toMatchObject({ delimiter: ';', columns: ['a,b', 'product', 'price'] });
    expect(found('"product"\tprice')).toMatchObject({ delimiter: '\t', product: 0 });
    expect(found('price|product|created_at')).toMatchObject({ createdAt: 2 });
    expect(found('sku;cost;name')).toEqual({
      reason: 'the header has no column "product" and "price"',
      columns: ['sku', 'cost', 'name'],
    });
    expect(found('product,price,price')).toMatchObject({ reason: 'the header names "price" twice' });
  });

  it('must have a column that was asked for by name', async () => {
    const asked = { mapping: { ...mapping, createdAt: 'at', createdAtRequired: true } };
    await expect(read('product,price\n', asked)).rejects.toMatchObject({ code: 'columns-not-found' });
    await expect(read('product,price,at\n', asked)).resolves.toHaveLength(1);
  });
});

describe('an NDJSON file', () => {
  it('gives back every object, however it is cut', async () => {
    const value = fc.oneof(fc.string(), fc.double(), fc.constant(null), fc.boolean());
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ product: value, price: value }), { minLength: 1 }),
        places,
        async (rows, at) => {
          const parsed = rows.map((row) => JSON.parse(JSON.stringify(row)) as { product: unknown; price: unknown });
          const parts = await read(rows.map((row) => `${JSON.stringify(row)}\n`).join(''), {}, at);
          expect(rowsOf(parts)).toEqual(parsed.map((row) => ({ ...row, createdAt: undefined })));
        },
      ),
    );
  });

  it('refuses a line that is no object, or lacks a member, alone', async () => {
    const parts = await read('{"product":"a","price":1}\n[1]\nnope\n\n{"product":"b"}\n{"product":"c","price":"2"}');
    expect(refusedOf(parts)).toEqual([
      [2, 'the line is not a JSON object'],
      [3, 'the line is not JSON'],
      [5, 'there is no "price"'],
    ]);
    expect(rowsOf(parts)).toHaveLength(2);
  });

  it('takes no member from the prototype', async () => {
    const parts = await read('{"price":1}', { mapping: { ...mapping, product: 'toString' } });
    expect(refusedOf(parts)).toEqual([[1, 'there is no "toString"']]);
  });
});
