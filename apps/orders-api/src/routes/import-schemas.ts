import { Type, type TSchema } from 'typebox';

/** Refused rows that an answer shows itself. */
export const REFUSED_INLINE = 1_000;

const column = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 200, description }));

/** Which columns of the file are which fields of an order. */
export const importQuery = Type.Object(
  {
    product: column('The column of the product; `product` by default.'),
    price: column('The column of the price; `price` by default.'),
    created_at: column(
      'The column of the time, ISO 8601. Without one, `created_at` is taken if the file has it, otherwise the time of the import.',
    ),
    delimiter: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 10,
        pattern: '^[^"\\r\\n]+$',
        description: 'What separates the fields of CSV (`tab` for a tab). Found from the header line where not given.',
        examples: [';'],
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

/** A file in one of these content types. */
export function importBody(types: readonly string[]): { content: Record<string, { schema: TSchema }> } {
  const content = types.map((type): [string, { schema: TSchema }] => {
    const example = EXAMPLES[type];
    const schema =
      example === undefined ? { type: 'string', format: 'binary' } : { type: 'string', examples: [example] };
    return [type, { schema: Type.Unsafe<unknown>(schema) }];
  });
  return { content: Object.fromEntries(content) };
}

/** A refused row. */
export const refusedRow = Type.Object({
  line: Type.Integer({ description: 'In the file, 1-based, the header line included.' }),
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
