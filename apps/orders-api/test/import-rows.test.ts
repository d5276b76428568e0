import { openPostgres, type Postgres } from '@esteira/postgres';
import { serverSetting } from '@esteira/tests/support';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orderOf } from '../src/import/row.ts';

let postgres: Postgres;
beforeAll(() => {
  postgres = openPostgres({ url: serverSetting('SYSTEM1_DATABASE_URL'), applicationName: 'row test', max: 1 });
});
afterAll(() => postgres.close());

const order = (raw: { product?: unknown; price?: unknown; createdAt?: unknown }) =>
  orderOf({ product: 'p', price: '1', ...raw });
const accepted = (raw: Parameters<typeof order>[0]) => {
  const result = order(raw);
  return 'order' in result ? result.order : undefined;
};

describe('a row', () => {
  it.each([
    ['29.33', '29.33', true],
    [' 29.3 ', '29.30', true],
    ['29.3300', '29.33', true],
    ['+5', '5.00', true],
    ['.5', '0.50', true],
    ['007', '7.00', true],
    ['9999999999.99', '9999999999.99', true],
    [29.33, '29.33', true],
    ['0', '0.00', false],
    ['-0.00', '0.00', false],
    ['-12.5', '-12.50', false],
  ])('of the price %j has %s, security check %j', (price, text, securityCheck) => {
    expect(accepted({ price })).toMatchObject({ price: text, securityCheck });
  });

  it.each(['', ' ', '.', '-', 'n/a', '1,5', '$5', '1e3', 'NaN', '0x10', null, undefined, true, {}, '1 2', '٣'])(
    'of the price %j is refused',
    (price) => {
      expect(order({ price })).toHaveProperty('reason', expect.stringContaining('is not a number'));
    },
  );

  it.each([
    ['10000000000', 'digits before the point'],
    ['1.005', 'two decimal places'],
    [1e21, 'is not a number'],
  ])('of the price %j is refused, for nothing is rounded', (price, reason) => {
    expect(order({ price })).toHaveProperty('reason', expect.stringContaining(reason));
  });

  it.each([
    ['a\0b', 'NUL'],
    ['\ud800', 'Unicode'],
    ['é'.repeat(50_001), 'longer than 100000 bytes'],
    [5, 'is not a text'],
    [undefined, 'that is missing'],
  ])('of the product %j is refused', (product, reason) => {
    expect(order({ product })).toHaveProperty('reason', expect.stringContaining(reason));
  });

  it('of a blank product is imported, and fails its security check', () => {
    for (const product of ['', '  ', '\t\n'])
      expect(accepted({ product })).toMatchObject({ product, securityCheck: false });
  });

  it('without a time is of the time of its import', () => {
    for (const createdAt of [undefined, null, '']) expect(accepted({ createdAt })).toMatchObject({ createdAt: null });
  });

  it.each([
    '2024-02-30',
    '1999-13-01',
    '0000-01-01',
    '01/02/2024',
    'yesterday',
    'now',
    'infinity',
    5,
    '2024-01-01T24:00',
  ])('of the time %j is refused', (createdAt) => {
    expect(order({ createdAt })).toHaveProperty('reason', expect.stringContaining('ISO 8601'));
  });

  it('that is accepted is one that Postgres takes as it is', async () => {
    const digits = fc.stringMatching(/^[-+]?\d{0,12}(\.\d{0,3})?$/);
    const two = (max: number) => fc.integer({ min: 0, max }).map((n) => String(n).padStart(2, '0'));
    const time = fc
      .tuple(
        fc.integer({ min: 0, max: 9999 }),
        two(14),
        two(32),
        two(25),
        two(61),
        fc.constantFrom('', 'Z', '+05:30', '-14', ':59.123456Z'),
      )
      .map(([y, m, d, h, min, rest]) => `${String(y).padStart(4, '0')}-${m}-${d}T${h}:${min}${rest}`);
    const product = fc.string({ unit: 'binary', maxLength: 5 });
    const samples = fc.sample(
      fc.record({ price: digits, product, createdAt: fc.oneof(time, fc.constant('2020-01-01')) }),
      3_000,
    );
    const orders = samples.flatMap((raw) => accepted(raw) ?? []);
    expect(orders.length).toBeGreaterThan(100);
    const rows = await postgres.query<{ price: string; product: string }>(
      `select price::numeric(12,2)::text as price, product, created_at::timestamptz from unnest($1::text[], $2::text[], $3::text[]) as r (price, product, created_at)`,
      [orders.map(({ price }) => price), orders.map((o) => o.product), orders.map(({ createdAt }) => createdAt)],
    );
    expect(rows.map((row) => [row.price, row.product])).toEqual(orders.map((o) => [o.price, o.product]));
  });
});
