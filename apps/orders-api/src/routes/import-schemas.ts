import { Type, type TSchema } from 'typebox';
import { CHARSETS } from '../import/charset.ts';
import { FORM } from '../import/content-type.ts';
import { DATE_FORMATS } from '../import/date.ts';
import { PREVIEWED } from '../import/dry-run.ts';

/** Refused rows that an answer shows itself. */
export const REFUSED_INLINE = 1_000;

const column = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 200, description }));

/** Which columns of the file are which fields of an order, and how they are written. */
export const importQuery = Type.Object(
  {
    product: column('The column of the product; `product` by default.'),
    price: column('The column of the price; `price` by default.'),
    created_at: column(
      'The column of the time. Without one, `created_at` is taken if the file has it, otherwise the time of the import.',
    ),
    delimiter: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 10,
        pattern: '^[^"\\r\\n]+$',
        description:
          'What separates the fields of CSV (`tab` for a tab). Found from a first line like `sep=;`, or from the header line, where not given.',
        examples: [';'],
      }),
    ),
    quote: Type.Optional(
      Type.String({
        maxLength: 1,
        pattern: '^[^\\r\\n]?$',
        description:
          'What encloses a field of CSV that holds a delimiter; `"` by default. Empty: nothing does, and quotes are part of the values.',
        examples: [''],
      }),
    ),
    header_line: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000,
        description:
          'The line of the header of CSV, where others stand before it that are not blank; those are skipped.',
        examples: [8],
      }),
    ),
    charset: Type.Optional(
      Type.Enum([...CHARSETS], {
        description:
          'What the file is written in. It counts more than the `charset` of the content type, and a byte order mark more than both. UTF-8 by default.',
        examples: ['windows-1252'],
      }),
    ),
    decimal: Type.Optional(
      Type.Enum(['.', ','], {
        description:
          'What stands before the cents. Where it is given, thousands may be grouped: `1.234,50` with `,`, and `1,234.50` with `.`.',
        examples: [','],
      }),
    ),
    currency: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 8,
        pattern: '^[^\\s\\d](.*[^\\s\\d])?$',
        description: 'A mark before or after prices, which is no part of them. A price with another one is refused.',
        examples: ['EUR'],
      }),
    ),
    date_format: Type.Optional(
      Type.Enum([...DATE_FORMATS], {
        description:
          'The order of day, month and year in dates like `31.01.2024`. Without it such dates are refused. ISO 8601 is read in any case.',
        examples: ['dmy'],
      }),
    ),
    time_zone: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        pattern: '^[A-Za-z][A-Za-z0-9_+/-]*$',
        description: 'The time zone of times without an offset, as Postgres names it; UTC by default.',
        examples: ['Europe/Berlin'],
      }),
    ),
    dry_run: Type.Optional(
      Type.Boolean({
        description:
          'Reads the file, says what would become of it, and writes nothing. An `Idempotency-Key` is not remembered.',
      }),
    ),
  },
  { additionalProperties: false },
);

/** Headers beside HTTP's own. */
export const importHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      description: 'Names this import, so that it may be repeated. A new one for each file.',
      examples: ['cdnow-1997-first-half'],
    }),
  ),
});

const CSV = 'ordered_at,customer,product,quantity,price\n1997-01-01,00001,1 CDs,1,11.77\n';
const NDJSON = '{"product":"1 CDs","price":"11.77"}\n{"product":"2 CDs","price":29.33}\n';
const EXAMPLES: Readonly<Record<string, string>> = { 'text/csv': CSV, 'application/x-ndjson': NDJSON };

const binary = { type: 'string', format: 'binary' } as const;
const form = {
  type: 'object',
  properties: { file: { ...binary, description: 'The file. Its field may have any name; there is no other field.' } },
  required: ['file'],
  additionalProperties: false,
} as const;

/** A file in one of these content types, or a form with one. */
export function importBody(types: readonly string[]): { content: Record<string, { schema: TSchema }> } {
  const content = types.map((type): [string, { schema: TSchema }] => {
    const example = EXAMPLES[type];
    const schema = example === undefined ? binary : { type: 'string', examples: [example] };
    return [type, { schema: Type.Unsafe<unknown>(schema) }];
  });
  return { content: { ...Object.fromEntries(content), [FORM]: { schema: Type.Unsafe<unknown>(form) } } };
}

/** A refused row. */
export const refusedRow = Type.Object({
  line: Type.Integer({ description: 'In the file, 1-based, the header line included, as an editor counts.' }),
  reason: Type.String(),
});

/** What an import answers. */
export const importResult = Type.Object(
  {
    import_id: Type.String({ format: 'uuid' }),
    imported: Type.Integer({ description: 'Orders in the source: positive and negative.' }),
    positive: Type.Integer({ description: 'With `security_check` true.' }),
    negative: Type.Integer({ description: 'With `security_check` false.' }),
    refused: Type.Object({
      count: Type.Integer(),
      rows: Type.Array(refusedRow, { description: `The first ${REFUSED_INLINE.toLocaleString('en')}.` }),
      all: Type.String({ description: 'Where all of them are, as NDJSON.' }),
    }),
  },
  {
    description: 'The whole file was read.',
    examples: [
      {
        import_id: '6f3c2d8e-5d0c-4a55-9a0e-5f2b6c1f7d10',
        imported: 34_829,
        positive: 34_789,
        negative: 40,
        refused: {
          count: 1,
          rows: [{ line: 17, reason: 'the price "n/a" is not a number' }],
          all: '/v0/orders/import/6f3c2d8e-5d0c-4a55-9a0e-5f2b6c1f7d10/refused',
        },
      },
    ],
  },
);

const previewedOrder = Type.Object({
  line: Type.Integer(),
  product: Type.String(),
  price: Type.String(),
  created_at: Type.Union([Type.String(), Type.Null()], { description: 'Null: the time of the import.' }),
  security_check: Type.Boolean(),
});

/** What a dry run answers. */
export const dryRunResult = Type.Object(
  {
    dry_run: Type.Literal(true),
    file: Type.Object({
      format: Type.Enum(['csv', 'ndjson']),
      charset: Type.Enum([...CHARSETS]),
      delimiter: Type.Optional(Type.String({ description: 'Of CSV.' })),
      quote: Type.Optional(Type.String({ description: 'Of CSV.' })),
      columns: Type.Optional(Type.Array(Type.String(), { description: 'Of CSV: all that the header names.' })),
    }),
    columns: Type.Object(
      {
        product: Type.String(),
        price: Type.String(),
        created_at: Type.Union([Type.String(), Type.Null()], { description: 'Null: the file has none.' }),
      },
      { description: 'Which column each field of an order is taken from.' },
    ),
    imported: Type.Integer({ description: 'Orders that would come in: positive and negative.' }),
    positive: Type.Integer(),
    negative: Type.Integer(),
    orders: Type.Array(previewedOrder, { description: `The first ${PREVIEWED}, as they would be stored.` }),
    refused: Type.Object({
      count: Type.Integer(),
      reasons: Type.Array(
        Type.Object({
          rule: Type.String({ description: '`…` stands for the value.' }),
          count: Type.Integer(),
          line: Type.Integer({ description: 'The first one.' }),
          reason: Type.String({ description: 'Of the first one.' }),
        }),
        { description: 'The most frequent first.' },
      ),
    }),
  },
  {
    description: 'Of a dry run: the whole file was read, nothing was written.',
    examples: [
      {
        dry_run: true,
        file: { format: 'csv', charset: 'windows-1252', delimiter: ';', quote: '"', columns: ['Artikel', 'Preis'] },
        columns: { product: 'Artikel', price: 'Preis', created_at: null },
        imported: 1,
        positive: 1,
        negative: 0,
        orders: [{ line: 2, product: 'Gießkanne', price: '12.50', created_at: null, security_check: true }],
        refused: {
          count: 1,
          reasons: [
            { rule: 'the price … is not a number', count: 1, line: 3, reason: 'the price "n/a" is not a number' },
          ],
        },
      },
    ],
  },
);
