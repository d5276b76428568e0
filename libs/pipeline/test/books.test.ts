import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addsUp, differenceOf, isAllAtRest, problemsOf, type BookClass, type BooksReport } from '../src/index.ts';

/** Work that is counted by its states. */
const STATES: readonly BookClass[] = [
  { name: 'waiting', label: 'waiting', kind: 'to-be-sent' },
  { name: 'queued', label: 'queued', kind: 'in-flight' },
  { name: 'running', label: 'running', kind: 'in-flight' },
  { name: 'succeeded', label: 'succeeded', kind: 'done' },
  { name: 'dead', label: 'dead', kind: 'dead' },
  { name: 'cancelled', label: 'cancelled', kind: 'discarded' },
  { name: 'unpaid', label: 'unpaid', kind: 'fault', what: 'done, and paid by nobody', remedy: null },
];

/** Partitions that are counted by their offsets. */
const OFFSETS: readonly BookClass[] = [
  { name: 'lag', label: 'lag', kind: 'to-be-sent' },
  { name: 'stored', label: 'stored', kind: 'done' },
  { name: 'repartitioned', label: 'repartitioned', kind: 'done' },
  { name: 'dead', label: 'dead', kind: 'dead' },
  { name: 'invented', label: 'invented', kind: 'stray', what: 'that no replay gives', remedy: 'explain' },
];

const byState = (accepted: number, counts: Record<string, number>): BooksReport => ({
  accepted: 'submitted',
  classes: STATES,
  origins: [{ origin: 'by the clock', accepted, counts }],
});
const byOffset = (...partitions: [accepted: number, counts: Record<string, number>][]): BooksReport => ({
  accepted: 'high watermark',
  classes: OFFSETS,
  origins: partitions.map(([accepted, counts], number) => ({ origin: `data/${number}`, accepted, counts })),
});

describe('the books of a pipeline', () => {
  it('add up where all that was accepted is in one class of each state', () => {
    const report = byState(10, { waiting: 1, queued: 2, running: 1, succeeded: 3, dead: 2, cancelled: 1 });
    expect(report.origins.map((origin) => differenceOf(origin, STATES))).toEqual([0]);
    expect([addsUp(report), isAllAtRest(report)]).toEqual([true, false]);
    expect(isAllAtRest(byState(3, { succeeded: 1, dead: 1, cancelled: 1 }))).toBe(true);
  });

  it('tell a fault, in words with its number', () => {
    const report = byState(10, { succeeded: 8, unpaid: 2 });
    expect(report.origins.map((origin) => differenceOf(origin, STATES))).toEqual([2]);
    expect(addsUp(report)).toBe(false);
    expect(problemsOf(report)).toEqual([{ count: 2, what: 'done, and paid by nobody' }]);
  });

  it('do not add up by a stray, which makes no difference: it was never accepted', () => {
    const report = byOffset([100, { stored: 90, repartitioned: 5, dead: 5, invented: 1 }]);
    expect(report.origins.map((origin) => differenceOf(origin, OFFSETS))).toEqual([0]);
    expect([addsUp(report), isAllAtRest(report)]).toEqual([false, true]);
    expect(problemsOf(report)).toEqual([{ count: 1, what: 'that no replay gives' }]);
  });

  it('do not add up where one origin has too few and another one too many', () => {
    expect(addsUp(byOffset([10, { stored: 9 }], [10, { stored: 11 }]))).toBe(false);
    expect(addsUp(byOffset([10, { stored: 4, lag: 6 }], [10, { stored: 10 }]))).toBe(true);
  });

  it('add up for any counts whose sum was accepted, and no more for one that is taken away', () => {
    const counted = fc.array(fc.nat({ max: 1_000_000 }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(counted, (numbers) => {
        const counts = Object.fromEntries(numbers.map((number, index) => [STATES[index]?.name ?? '', number]));
        const accepted = numbers.reduce((sum, number) => sum + number, 0);
        expect(addsUp(byState(accepted, counts))).toBe(true);
        expect(addsUp(byState(accepted + 1, counts))).toBe(false);
      }),
    );
  });
});
