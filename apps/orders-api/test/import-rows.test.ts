import { describe, expect, it } from 'vitest';
import { orderOf, type RowFormat } from '../src/import/row.ts';

const order = (raw: { product?: unknown; price?: unknown; createdAt?: unknown }, format: RowFormat = {}) =>
  orderOf({ product: 'p', price: '1', ...raw }, format);
const accepted = (raw: Parameters<typeof order>[0], format?: RowFormat) => {
  const result = order(raw, format);
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

  it.each([
    ['1.234,50', ',', '1234.50'],
    ['1234,5', ',', '1234.50'],
    ['-1.234.567,89', ',', '-1234567.89'],
    ['1 234,50', ',', '1234.50'],
    ['1\u202f234\u202f567,50', ',', '1234567.50'],
    ['1.234', ',', '1234.00'],
    [',50', ',', '0.50'],
    ['12', ',', '12.00'],
    ['1,234.50', '.', '1234.50'],
    ["1'234.50", '.', '1234.50'],
    ['1’234’567.5', '.', '1234567.50'],
    ['12,34,567.89', '.', '1234567.89'],
    ['1,234', '.', '1234.00'],
    [29.33, ',', '29.33'],
  ] as const)('of the price %j with ?decimal=%s has %s', (price, decimal, text) => {
    expect(accepted({ price }, { decimal })).toMatchObject({ price: text });
  });

  it.each([
    ['1.50', ','],
    ['12.34,00', ','],
    ['1.234 567,00', ','],
    ['1234.567,00', ','],
    ['1,50', '.'],
    ['1,2345.00', '.'],
    ['1,,234', '.'],
    ['1.2.3', '.'],
    [',', ','],
  ] as const)('of the price %j with ?decimal=%s is refused', (price, decimal) => {
    expect(order({ price }, { decimal })).toHaveProperty('reason', expect.stringContaining('is not a number'));
  });

  it.each([
    ['1,234', '?decimal='],
    ['1,50', '?decimal='],
    ['1.234.567', '?decimal='],
    ['$45.99', '?currency='],
    ['12.50 EUR', '?currency='],
  ])('of the price %j is refused, and the reason says with what it would not be', (price, parameter) => {
    expect(order({ price })).toHaveProperty('reason', expect.stringContaining(parameter));
  });

  it.each([
    ['$1,433.66', '$', '.', '1433.66'],
    ['-$5.00', '$', '.', '-5.00'],
    ['12,50 €', '€', ',', '12.50'],
    ['EUR 12,50', 'EUR', ',', '12.50'],
    ['AU $12.00', 'AU $', undefined, '12.00'],
    ['12.00', '$', undefined, '12.00'],
  ] as const)('of the price %j with ?currency=%s has no currency', (price, currency, decimal, text) => {
    const format = { currency, ...(decimal === undefined ? {} : { decimal }) };
    expect(accepted({ price }, format)).toMatchObject({ price: text });
    expect(order({ price: `£${price}` }, format)).toHaveProperty('reason');
  });

  it('of a blank product is imported, and fails its security check', () => {
    for (const product of ['', '  ', '\t\n'])
      expect(accepted({ product })).toMatchObject({ product, securityCheck: false });
  });

  it('without a time is of the time of its import', () => {
    for (const createdAt of [undefined, null, '']) expect(accepted({ createdAt })).toMatchObject({ createdAt: null });
  });
});
