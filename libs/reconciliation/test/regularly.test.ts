import { patient } from '@esteira/tests/patience';
import type { Postgres } from '@esteira/postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { listReconciliations, reconcileRegularly } from '../src/index.ts';
import { openKept, PIPELINE, type KeptEndput } from './support/kept.ts';

let endput: Postgres;
let options: KeptEndput['options'];
let place: KeptEndput;

beforeAll(async () => {
  place = await openKept();
  ({ endput, options } = place);
});
beforeEach(() => place.empty());
afterAll(() => place.close());

describe('at regular times', () => {
  it('it is reconciled once when that is due, however many processes do so', async () => {
    const stopping = new AbortController();
    const onError = vi.fn();
    const all = Array.from({ length: 3 }, () =>
      reconcileRegularly({ ...options([]), everyMs: 3_600_000, signal: stopping.signal, onError }),
    );
    await vi.waitFor(async () => {
      const { items } = await listReconciliations(endput, PIPELINE, { limit: 9 });
      expect(items.map(({ state, isScheduled }) => [state, isScheduled])).toEqual([['finished', true]]);
    }, patient);
    stopping.abort();
    await Promise.all(all);
    expect(onError).not.toHaveBeenCalled();
    expect((await listReconciliations(endput, PIPELINE, { limit: 9 })).items.length).toBe(1);
  });
});
