import { describe, expect, it } from 'vitest';
import { acceptedIn, countIn, listedOf, problemLines, verdictOf, wrongIn } from '../src/pages/books/books-text.ts';

describe('books', () => {
  const report = {
    classes: [
      { name: 'done', label: 'done', kind: 'done' as const, what: null, remedy: null },
      { name: 'lost', label: 'lost', kind: 'fault' as const, what: 'lost', remedy: null },
      { name: 'more', label: 'more', kind: 'stray' as const, what: 'never accepted', remedy: null },
    ],
    origins: [
      { origin: 'a', accepted: 1_000, counts: { done: 998, lost: 2 }, difference: 2 },
      { origin: 'b', accepted: 1, counts: { done: 1 }, difference: 0 },
    ],
    ...{ accepted: 'handed in', adds_up: false, is_at_rest: false, problems: [{ count: 2, what: 'lost' }] },
  };

  it('say whether they add up, once they are made up', () => {
    const words = (state: 'running' | 'finished' | 'failed' | 'interrupted', found: typeof report | null = report) =>
      verdictOf({ state, report: found }).words;
    expect([words('running', null), words('failed', null), words('interrupted', null)]).toEqual([
      ...['running', 'failed', 'interrupted'],
    ]);
    expect(words('finished')).toBe('does not add up');
    expect(words('finished', { ...report, adds_up: true })).toBe('adds up');
    expect(words('finished', { ...report, adds_up: true, is_at_rest: true })).toBe('all at rest');
  });

  it('are added up over all origins, and list what must be looked at', () => {
    expect([acceptedIn(report), countIn(report, 'done'), countIn(report, 'more'), wrongIn(report)]).toEqual([
      ...[1_001, 999, 0, 2],
    ]);
    expect(listedOf(report).map(({ name }) => name)).toEqual(['lost', 'more']);
    expect(problemLines({ problems: [{ count: 1_200, what: 'lost: nowhere' }] })).toEqual(['1,200 lost: nowhere']);
  });
});
