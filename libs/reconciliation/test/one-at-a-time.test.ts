import type { Postgres } from '@esteira/postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  beat,
  claim,
  ClaimLost,
  clearReconciliations,
  finish,
  getReconciliation,
  giveUp,
  keepRows,
  NO_MEMORY,
  NO_PROGRESS,
  reconciliationDays,
  startReconciliation,
  type UnrestedRow,
} from '../src/index.ts';
import { openKept, PIPELINE, system, type KeptEndput } from './support/kept.ts';

let endput: Postgres;
let options: KeptEndput['options'];
let kept: KeptEndput['kept'];
let silence: KeptEndput['silence'];
let place: KeptEndput;

beforeAll(async () => {
  place = await openKept();
  ({ endput, options, kept, silence } = place);
});
beforeEach(() => place.empty());
afterAll(() => place.close());

describe('of reconciliations one runs at a time', () => {
  it('whoever else asks is told which', async () => {
    const { promise: hold, resolve: release } = Promise.withResolvers<undefined>();
    const started = await startReconciliation(options([system('system-1', 3, hold)]));
    if (started.kind !== 'claimed') throw new Error(started.kind);
    expect(await startReconciliation(options([]))).toEqual({ kind: 'already-running', id: started.id });
    expect(await claim(endput, 'other', { by: 'ana' })).toMatchObject({ kind: 'claimed' });
    release(undefined);
    await started.done;
    expect(await kept([])).not.toBe(started.id);
  });

  it('also when many ask at once', async () => {
    const claims = await Promise.all(Array.from({ length: 8 }, () => claim(endput, PIPELINE, { by: 'ana' })));
    expect(claims.filter(({ kind }) => kind === 'claimed').length).toBe(1);
    expect(claims.filter(({ kind }) => kind === 'already-running').length).toBe(7);
  });

  it('one whose process vanished counts as interrupted, and the next may begin', async () => {
    const gone = await claim(endput, PIPELINE, { by: 'gone' });
    if (gone.kind !== 'claimed') throw new Error(gone.kind);
    await silence();
    expect(await getReconciliation(endput, PIPELINE, gone.id)).toMatchObject({ state: 'interrupted' });
    await kept([]);
    expect(await getReconciliation(endput, PIPELINE, gone.id)).toMatchObject({
      state: 'interrupted',
      endedAt: expect.any(String) as string,
    });
  });

  it('and one that was taken for interrupted keeps no result', async () => {
    const { promise: hold, resolve: release } = Promise.withResolvers<undefined>();
    const started = await startReconciliation(options([system('system-1', 3, hold)]));
    if (started.kind !== 'claimed') throw new Error(started.kind);
    await endput.query(`UPDATE reconciliations SET state = 'interrupted'`);
    release(undefined);
    await expect(started.done).rejects.toThrow(/not this process's/);
    expect(await reconciliationDays(endput, started.id)).toEqual([]);
  });
});

describe('a process that stood still while it reconciled, and wakes when another has begun', () => {
  const frozen = async () => {
    const first = await claim(endput, PIPELINE, { by: 'frozen' });
    if (first.kind !== 'claimed') throw new Error(first.kind);
    await silence();
    const next = await claim(endput, PIPELINE, { by: 'next' });
    if (next.kind !== 'claimed') throw new Error(next.kind);
    expect(next.held.token).toBeGreaterThan(first.held.token);
    return { first, next };
  };
  const found: UnrestedRow = {
    ...{ class: 'missing', system: 'system-1', id: '3', round: 1, day: '1997-01-01' },
    ...{ source: 'a', stored: '' },
  };

  it('writes nothing: no rows, no result, no end, no sign of life', async () => {
    const { first, next } = await frozen();
    await expect(beat(endput, first, NO_PROGRESS)).rejects.toThrow(ClaimLost);
    await expect(keepRows(endput, first, [found])).rejects.toThrow(ClaimLost);
    await expect(finish(endput, first, { systems: [] })).rejects.toThrow(ClaimLost);
    await expect(giveUp(endput, first, 'failed', 'late')).rejects.toThrow(ClaimLost);
    expect(await endput.query('SELECT FROM reconciliation_rows')).toEqual([]);
    expect(await getReconciliation(endput, PIPELINE, first.id)).toMatchObject({ state: 'interrupted', error: null });
    await beat(endput, next, NO_PROGRESS);
    expect(await claim(endput, PIPELINE, { by: 'third' })).toEqual({ kind: 'already-running', id: next.id });
  });

  it('remembers nothing that another would take for newer than its own', async () => {
    const remember = vi.fn(() => Promise.resolve());
    const { promise: hold, resolve: release } = Promise.withResolvers<undefined>();
    const { what } = options([system('system-1', 3, hold)]);
    const started = await startReconciliation({
      ...options([]),
      what: { ...what, memory: { ...NO_MEMORY, remember } },
    });
    if (started.kind !== 'claimed') throw new Error(started.kind);
    await endput.query(`UPDATE reconciliation_leases SET fence = fence + 1`);
    release(undefined);
    await expect(started.done).rejects.toThrow(ClaimLost);
    expect(remember).not.toHaveBeenCalled();
  });

  it('loses it too when all reconciliations are cleared meanwhile', async () => {
    const first = await claim(endput, PIPELINE, { by: 'ana' });
    if (first.kind !== 'claimed') throw new Error(first.kind);
    await clearReconciliations(endput, PIPELINE);
    await expect(keepRows(endput, first, [found])).rejects.toThrow(ClaimLost);
    await kept([]);
  });
});

describe('a reconciliation of an earlier release, which took no lease', () => {
  const begun = async (beatAt: string) => {
    const [row] = await endput.query<{ id: string }>(
      `INSERT INTO reconciliations (pipeline, started_by, is_scheduled, progress, beat_at)
       VALUES ($1, 'earlier', false, $2, ${beatAt}) RETURNING id`,
      [PIPELINE, JSON.stringify(NO_PROGRESS)],
    );
    return row!.id;
  };

  it('is cleared before the table of leases is made, too', async () => {
    await begun('now()');
    await endput.query('ALTER TABLE reconciliation_leases RENAME TO made_later');
    try {
      await expect(clearReconciliations(endput, PIPELINE)).rejects.toThrow('reconciliation_leases');
      expect(await endput.query('SELECT FROM reconciliations')).toEqual([]);
    } finally {
      await endput.query('ALTER TABLE made_later RENAME TO reconciliation_leases');
    }
  });

  it('is running as long as it says so, and no other begins beside it', async () => {
    const id = await begun('now()');
    expect(await startReconciliation(options([]))).toEqual({ kind: 'already-running', id });
    await endput.query(`UPDATE reconciliations SET state = 'finished', ended_at = now()`);
    await kept([]);
  });

  it('counts as interrupted when it fell silent', async () => {
    const id = await begun(`now() - interval '1 min'`);
    await kept([]);
    expect(await getReconciliation(endput, PIPELINE, id)).toMatchObject({ state: 'interrupted' });
  });
});

describe('a reconciliation that does not come to its end', () => {
  it('says why it failed', async () => {
    const broken = { ...system('system-1', 3), cursor: () => Promise.reject(new Error('Redis is away')) };
    const started = await startReconciliation(options([broken]));
    if (started.kind !== 'claimed') throw new Error(started.kind);
    await expect(started.done).rejects.toThrow('Redis is away');
    expect(await getReconciliation(endput, PIPELINE, started.id)).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('Redis is away') as string,
      isConsistent: null,
    });
  });

  it('is interrupted when its process stops', async () => {
    const stopping = new AbortController();
    const { promise: hold, resolve: release } = Promise.withResolvers<undefined>();
    const started = await startReconciliation(options([system('system-1', 3, hold)], { signal: stopping.signal }));
    if (started.kind !== 'claimed') throw new Error(started.kind);
    stopping.abort();
    release(undefined);
    await expect(started.done).rejects.toThrow(/abort/i);
    expect(await getReconciliation(endput, PIPELINE, started.id)).toMatchObject({ state: 'interrupted' });
  });
});
