import { expect, it } from 'vitest';
import { differencesOf } from '../src/pages/orders/message/differences.ts';

const source = {
  id: '1',
  product: 'CD',
  price: '12.77',
  security_check: true,
  created_at: '2026-01-01T01:00:00.120000+01:00',
  transaction_id: '7',
};
const stored = {
  product: 'CD',
  price: '12.77',
  security_check: true,
  source_created_at: '2026-01-01T00:00:00.12+00:00',
  round: 1,
  attempts: 1,
  stored_at: '',
};
const different = (...sides: Parameters<typeof differencesOf>) =>
  differencesOf(...sides).flatMap(({ column, differs }) => (differs ? [column] : []));

it('the same instant written in two zones is no difference, a microsecond is one', () => {
  expect(different(source, stored)).toEqual([]);
  expect(different(source, { ...stored, source_created_at: '2026-01-01T00:00:00.120001+00:00' })).toEqual([
    'created_at',
  ]);
});

it('money is compared as text: 12.7 is not 12.70', () => {
  expect(different({ ...source, price: '12.70' }, { ...stored, price: '12.7' })).toEqual(['price']);
});

it('a row that stands on one side only differs nowhere', () => {
  expect(different(source, null)).toEqual([]);
});
