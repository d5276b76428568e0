import { describe, expect, it } from 'vitest';
import { movedTo, pipelineAt, sameIn } from '../src/pipeline/address.ts';
import type { Pipeline } from '../src/pipeline/query.ts';
import { pagesOf } from '../src/shell/navigation.ts';

const words = { message: 'one', origin: 'From', key: 'Key' };
const orders: Pipeline = {
  name: 'orders',
  title: 'Orders',
  lanes: ['primary'],
  words,
  parts: ['systems', 'messages', 'reconciliation'],
};
const parcels: Pipeline = { name: 'parcels', title: 'Parcels', lanes: ['express', 'bulk'], words, parts: [] };

describe('an address', () => {
  it('is of the pipeline that it begins with, and of none where that is unknown', () => {
    expect(pipelineAt('/parcels/dead-letters', [orders, parcels])).toBe(parcels);
    expect(pipelineAt('/orders', [orders, parcels])).toBe(orders);
    expect(pipelineAt('/sign-in', [orders, parcels])).toBeUndefined();
    expect(pipelineAt('/', [orders, parcels])).toBeUndefined();
  });

  it('of before there were several pipelines is one of orders', () => {
    expect(movedTo('/dead-letters/jobs/7')).toBe('/orders/dead-letters/jobs/7');
    expect(movedTo('/history')).toBe('/orders/history');
    expect(movedTo('/orders/history')).toBeUndefined();
    expect(movedTo('/')).toBeUndefined();
    expect(movedTo('/sign-in')).toBeUndefined();
  });

  it.each([
    ['/orders', '/parcels'],
    ['/orders/history', '/parcels/history'],
    ['/orders/dead-letters/jobs/7', '/parcels/dead-letters'],
    ['/orders/reconciliation', '/parcels'],
    ['/postcards/books/7', '/parcels/books'],
    ['/sign-in', '/parcels'],
  ])('%s is %s of another pipeline', (path, expected) => {
    expect(sameIn(path, parcels)).toBe(expected);
  });

  it('of what only the others have is the overview of one that has something else in its place', () => {
    expect(sameIn('/parcels/books', orders)).toBe('/orders');
  });
});

it('the pages of a pipeline are those that all share, those of its own parts, and others in the place of what it has not', () => {
  const labels = (pipeline: Pipeline) => pagesOf(pipeline).map(({ label }) => label);
  expect(labels(orders)).toEqual(['Overview', 'Messages', 'Dead letters', 'Reconciliation', 'History']);
  expect(labels(parcels)).toEqual(['Overview', 'Attempts', 'Dead letters', 'Books', 'History']);
  expect(pagesOf(parcels).map(({ to }) => to)).toEqual([
    '/parcels',
    '/parcels/attempts',
    '/parcels/dead-letters',
    '/parcels/books',
    '/parcels/history',
  ]);
});
