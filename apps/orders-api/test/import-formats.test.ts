import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CHARSETS, toUtf8 } from '../src/import/charset.ts';
import { cut, form, FORM_TYPE, send } from './importing.ts';
import { ordersIn, ownApi, type OwnApi } from './support.ts';

let api: OwnApi;
beforeAll(async () => {
  api = await ownApi();
});
afterAll(() => api.drop());
beforeEach(() => api.postgres.query('truncate orders'));

const products = async () => (await ordersIn(api.postgres)).map(({ product }) => product);
const prices = async () => (await ordersIn(api.postgres)).map(({ price }) => price);
const FILE = { name: 'file', headers: '; filename="orders.csv"\r\nContent-Type: application/octet-stream' };

describe('a file of a charset', () => {
  const text = 'product,price\r\nGießkanne „groß“ – 5 €,1\r\n';

  it.each([
    ['text/csv; charset=windows-1252', iconv.encode(text, 'windows-1252'), {}],
    ['text/csv; charset="ISO-8859-1"', iconv.encode(text, 'windows-1252'), {}],
    ['text/csv', iconv.encode(text, 'windows-1252'), { charset: 'windows-1252' }],
    ['text/csv; charset=utf-8', iconv.encode(text, 'windows-1252'), { charset: 'windows-1252' }],
    ['text/csv; charset=utf-8', Buffer.from(text), {}],
    ['text/csv; charset=us-ascii', Buffer.from(text), {}],
    ['text/csv; charset=windows-1252', Buffer.from(`\ufeff${text}`), {}],
    ['text/csv', iconv.encode(`\ufeff${text}`, 'utf-16le'), {}],
    ['application/vnd.ms-excel', iconv.encode(`\ufeff${text}`, 'utf-16be'), {}],
    ['text/csv; charset=utf-16', iconv.encode(text, 'utf-16be'), {}],
    ['text/csv; charset=utf-16le', iconv.encode(text, 'utf-16le'), {}],
    ['text/csv', iconv.encode(text, 'utf-16le'), {}],
    ['text/csv', iconv.encode(text, 'utf-16be'), {}],
    ['text/csv; charset=windows-1252', gzipSync(iconv.encode(text, 'windows-1252')), {}],
    ['application/gzip', gzipSync(iconv.encode(`\ufeff${text}`, 'utf-16le')), {}],
  ])('is read as %s says, or its mark (%#)', async (type, file, query) => {
    expect(await send(api, file, { type, query })).toMatchObject({ status: 201, body: { refused: { count: 0 } } });
    expect(await products()).toEqual(['Gießkanne „groß“ – 5 €']);
  });

  it('is NDJSON too', async () => {
    const file = iconv.encode('\ufeff{"product":"Gießkanne","price":1}\n', 'utf-16le');
    expect(await send(api, file, { type: 'application/octet-stream' })).toMatchObject({ status: 201 });
    expect(await products()).toEqual(['Gießkanne']);
  });

  it('is the same text wherever it is cut, in the middle of a character too', async () => {
    const some = fc.string({ unit: fc.constantFrom('a', 'ß', '€', 'я', '日', '😀', '\n'), maxLength: 12 });
    const cuts = fc.array(fc.nat(), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(some, fc.constantFrom(...CHARSETS), cuts, async (wanted, charset, at) => {
        const bytes = iconv.encode(wanted, charset);
        const expected = iconv.decode(bytes, charset);
        const pieces: Buffer[] = [];
        async function* chunks(): AsyncGenerator<Buffer> {
          yield* cut(bytes, at);
          await Promise.resolve();
        }
        for await (const piece of toUtf8(chunks(), charset)) pieces.push(piece);
        expect(Buffer.concat(pieces).toString()).toBe(expected);
      }),
      { examples: [['😀', 'gb18030', [3]]] },
    );
  });

  it.each([
    ['windows-1252', Buffer.from([0x81]), 'windows-1252'],
    ['utf-16le', Buffer.from([0x3d, 0xd8]), 'utf-16le'],
    ['shift_jis', Buffer.from([0xfd]), 'shift_jis'],
  ])('refuses a line whose bytes are none of %s, and not the next one', async (charset, bytes, name) => {
    const file = [iconv.encode('product,price\na', charset), bytes, iconv.encode(',1\nb,2\n', charset)];
    const { body } = await send(api, Buffer.concat(file), { query: { charset } });
    expect(body.refused.rows).toEqual([{ line: 2, reason: `the line holds bytes that are no character of ${name}` }]);
    expect(await products()).toEqual(['b']);
  });

  it('that ends with half a character does not pass for whole', async () => {
    const file = iconv.encode('product,price\na,1\nb,22', 'utf-16le');
    const { body } = await send(api, file.subarray(0, -1), { query: { charset: 'utf-16le' } });
    expect(body.refused.rows).toMatchObject([{ line: 3 }]);
    expect(await products()).toEqual(['a']);
  });

  it('that is not said is refused line by line with what to say', async () => {
    const { body } = await send(api, iconv.encode('product,price\nß,1\nb,2\n', 'windows-1252'));
    expect(body.refused.rows[0]?.reason).toContain('?charset=windows-1252');
    expect(await products()).toEqual(['b']);
  });

  it('that nobody knows is refused', async () => {
    const { status, body } = await send(api, 'product,price\na,1\n', { type: 'text/csv; charset=klingon' });
    expect([status, body.code]).toEqual([415, 'unsupported-media-type']);
    expect(body.detail).toContain('klingon');
  });
});

describe('a file that Excel writes', () => {
  it.each([
    ['with a line sep= before the header', 'sep=;\r\nproduct;price\r\n"a;b";1\r\n', 'a;b'],
    ['with that line in quotes, after a mark', '\ufeff"sep=|"\nproduct|price\na,b|1\n', 'a,b'],
    ['with a tab said so', 'SEP=\t\nproduct\tprice\na b\t1\n', 'a b'],
    ['with a delimiter at the end of each line', 'product;price;\na;1;\n', 'a'],
    ['with one at the end of its rows alone', 'product;price\na;1;\n', 'a'],
    ['with several there', 'product;price;;;\na;1;;;\n', 'a'],
    ['with one at the end of its header alone', 'product;price;\na;1\n', 'a'],
    ['with empty rows before the header', ';;;\n\nproduct;price\na;1\n', 'a'],
    ['with a name of two lines', '"Nr.\n(neu)";product;price\n7;a;1\n', 'a'],
  ])('%s is read', async (_how, file, product) => {
    expect(await send(api, file)).toMatchObject({ status: 201, body: { imported: 1, refused: { count: 0 } } });
    expect(await products()).toEqual([product]);
  });

  it('has no value beyond its header', async () => {
    const { body } = await send(api, 'product;price\na;1;;x\n');
    expect(body.refused.rows).toEqual([{ line: 2, reason: 'the line has 4 fields, the header has 2' }]);
  });

  it('keeps to the delimiter that is asked for, whatever its line sep= says', async () => {
    await send(api, 'sep=,\nproduct;price\na,b;1\n', { query: { delimiter: ';' } });
    expect(await products()).toEqual(['a,b']);
  });

  it('with decimal commas is read where that is said, and refused with what to say where not', async () => {
    const file = 'product;price\na;1.234,50\n';
    expect((await send(api, file)).body.refused.rows[0]?.reason).toContain('?decimal=,');
    await send(api, file, { query: { decimal: ',' } });
    expect(await prices()).toEqual(['1234.50']);
  });

  it('may have lines before its header', async () => {
    const file = 'Bericht vom 31.01.2024\nKunde;Meier & Co.;"\nproduct;price\na;1\n';
    expect((await send(api, file)).body).toMatchObject({ code: 'columns-not-found' });
    const { body } = await send(api, file.replace('a;1', 'a;x'), { query: { header_line: '3' } });
    expect(body.refused.rows).toMatchObject([{ line: 4 }]);
  });
});

describe('a file without quoting', () => {
  const file = 'product\tprice\n5" pipe\t1\n"Best" mug\t2\n"x\t3\n';

  it('is read with quotes in its values', async () => {
    await send(api, file, { type: 'text/tab-separated-values', query: { quote: '' } });
    expect(await products()).toEqual(['5" pipe', '"Best" mug', '"x']);
  });

  it('is refused line by line with what to say', async () => {
    const { body } = await send(api, file, { type: 'text/tab-separated-values' });
    expect(body.refused.rows.map(({ line }) => line)).toEqual([2, 3, 4]);
    expect(body.refused.rows[0]?.reason).toContain('?quote=');
  });

  it('may have another quote', async () => {
    await send(api, `product,price\n'a, ''b''',1\n5",2\n`, { query: { quote: "'" } });
    expect(await products()).toEqual(["a, 'b'", '5"']);
  });

  it('can not have a quote that is its delimiter', async () => {
    const { status, body } = await send(api, file, { query: { quote: ';', delimiter: ';' } });
    expect([status, body.code]).toEqual([400, 'invalid-request']);
  });
});

describe('a content type', () => {
  it.each([
    ['text/tab-separated-values', 'product\tprice\na;1,2|3\t1\n'],
    ['application/vnd.ms-excel', 'product;price\na;1\n'],
    ['text/plain', 'product,price\na,1\n'],
    ['text/plain', '{"product":"a","price":1}\n'],
    ['application/csv', 'product,price\na,1\n'],
  ])('%s is taken', async (type, file) => {
    expect(await send(api, file, { type })).toMatchObject({ status: 201, body: { imported: 1 } });
  });

  it('that curl says by itself is refused with what to say', async () => {
    const { status, body } = await send(api, 'product,price\n', { type: 'application/x-www-form-urlencoded' });
    expect(status).toBe(415);
    expect(body.detail).toContain('text/csv');
  });
});

describe('a file that is no text', () => {
  it.each([
    ['.xlsx', Buffer.from('PK\x03\x04\x14\x00\x06\x00'), 'Save As'],
    ['.xls', Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]), 'Save As'],
    ['.pdf', Buffer.from('%PDF-1.7\n'), 'as CSV'],
    ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0]), 'Unpack it'],
  ])('%s is refused in words that say what to do', async (_what, file, advice) => {
    for (const [body, type] of [
      [file, 'application/vnd.ms-excel'],
      [gzipSync(file), 'application/gzip'],
      [form({ ...FILE, content: file }), FORM_TYPE],
    ] as const) {
      const { status, body: answer } = await send(api, body, { type });
      expect([status, answer.code]).toEqual([415, 'not-text']);
      expect(answer.detail).toContain(advice);
    }
  });

  it.each([
    ['HTML that calls itself .xls', '<html><table><tr><td>product</td></tr>', 'HTML'],
    ['a JSON array', '[\n  {"product": "a", "price": 1}\n]', 'NDJSON'],
  ])('%s is named', async (_what, file, word) => {
    const { body } = await send(api, file, { type: 'application/vnd.ms-excel' });
    expect(body).toMatchObject({ code: 'columns-not-found' });
    expect(body.detail).toContain(word);
  });
});
