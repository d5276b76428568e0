import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mayHoldOpen } from '../src/pages/dead-letters/open.ts';
import { deadLettersSearch, FORMER_NAMES } from '../src/pages/dead-letters/search.ts';
import { historySearch, ofText } from '../src/pages/history/search.ts';
import { isSystemAlone, messagesSearch } from '../src/pages/orders/messages/search.ts';
import { servedText } from '../src/pages/orders/messages/served.ts';
import { narrowed, narrowedText, rowsSearch } from '../src/pages/orders/reconciliation-rows/search.ts';
import { understand } from '../src/url/asked.ts';
import type { Day } from '../src/pages/orders/reconciliation/report.ts';

const classesWith = (some: Partial<Day['classes']>): Day['classes'] => ({
  ...{ stored: 1, discarded: 0, dead: 0, 'not-yet-published': 0, 'in-flight': 0, missing: 0, archived: 2, orphan: 0 },
  ...{ differs: 0, ...some },
});

describe('what an address asks', () => {
  it('is understood, or told as the address says it', () => {
    expect(understand(deadLettersSearch, { reason: 'foo', origin: 'system-1' })).toEqual({
      search: { origin: 'system-1' },
      wrong: ['reason=foo'],
    });
    expect(understand(messagesSearch, { source_id: 'abc', status: 'foo', attempt: '2' }).wrong).toEqual([
      'source_id=abc',
      'status=foo',
    ]);
    expect(understand(deadLettersSearch, { reson: 'invalid' } as object).wrong).toEqual(['reson=invalid']);
    expect(understand(messagesSearch, { words: ' ', system: undefined }).wrong).toEqual([]);
  });

  it('may be what earlier releases called reasons: people have saved addresses', () => {
    const asked = { reason: 'rejected-by-endput', error_code: 'rejected-by-endput', words: 'rejected-by-endput' };
    expect(understand(deadLettersSearch, asked)).toEqual({
      search: { reason: 'rejected-by-store', error_code: 'rejected-by-store', words: 'rejected-by-endput' },
      wrong: [],
    });
    expect(understand(deadLettersSearch, { reason: 'refused-by-verifier' }).search).toEqual({ reason: 'refused' });
  });

  it('may say system for the origin, as earlier releases did; where both are given and differ, that is told', () => {
    const read = (asked: object) => understand(deadLettersSearch, asked, FORMER_NAMES);
    const understood = { search: { origin: 'system-1' }, wrong: [] };
    for (const asked of [{ system: 'system-1' }, { origin: 'system-1' }, { origin: 'system-1', system: 'system-1' }])
      expect(read(asked)).toEqual(understood);
    const both = read({ origin: 'system-1', system: 'system-2' });
    expect(both).toEqual({ ...understood, wrong: ['system=system-2'] });
  });

  it('is understood of the history and of a reconciliation too', () => {
    const id = '7C3F9A52-8e1b-8d04-8000-000000000001';
    expect(understand(historySearch, { job: 'seven', message_id: id, why: 'x' } as object)).toEqual({
      search: { message_id: id.toLowerCase() },
      wrong: ['job=seven', 'why=x'],
    });
    expect(understand(historySearch, { message_id: '4711' }).wrong).toEqual(['message_id=4711']);
    expect(understand(rowsSearch, { kind: 'lost', day: '2026-1-2', system: 'system-1' })).toEqual({
      search: { system: 'system-1' },
      wrong: ['kind=lost', 'day=2026-1-2'],
    });
  });

  it('is said of a history that is not all', () => {
    expect([ofText({}), ofText({ job: '7' })]).toEqual([undefined, 'Of job 7 alone.']);
  });

  it('narrows the days of a reconciliation as it narrows its rows', () => {
    const days = ['system-1', 'system-2'].flatMap((system) =>
      ['2026-01-31', 'unknown'].map((day) => ({ system, day, classes: classesWith({}) })),
    );
    const faulty = { system: 'system-1', day: '2026-02-01', classes: classesWith({ differs: 1 }) };
    expect(narrowed([...days, faulty], { days: 'with-faults' })).toEqual([faulty]);
    expect(narrowed(days, {})).toEqual(days);
    expect(narrowed(days, { system: 'system-2', day: 'unknown' })).toEqual([days[3]]);
    expect([narrowedText({}), narrowedText({ system: 'system-2', day: 'unknown' })]).toEqual([
      '',
      'of system-2, made on unknown',
    ]);
  });

  it('is never dropped unsaid', () => {
    const name = fc.constantFrom('state', 'reason', 'error_code', 'origin', 'words', 'from', 'to', 'sort', 'other');
    const value = fc.oneof(fc.string(), fc.constantFrom('dead', 'invalid', '2026-05-20T08:00:07Z', 'message_id'));
    fc.assert(
      fc.property(fc.dictionary(name, value), (asked) => {
        const { search, wrong } = understand(deadLettersSearch, asked);
        const kept = Object.values(search).filter((one) => one !== undefined);
        expect(kept.length + wrong.length).toBe(Object.values(asked).filter((one) => one.trim() !== '').length);
      }),
    );
  });

  it('is no search where it is a system alone', () => {
    const alone = understand(messagesSearch, { system: 'system-1', status: 'failed' }).search;
    expect(isSystemAlone(alone)).toBe(true);
    expect(isSystemAlone({ ...alone, words: 'jam' })).toBe(false);
    expect(isSystemAlone({ ...alone, source_id: '1' })).toBe(false);
    expect(isSystemAlone(understand(messagesSearch, {}).search)).toBe(false);
  });
});

describe('everything that matches', () => {
  const dead = { state: 'dead' } as const;
  const gone = { state: 'discarded' } as const;
  const found = (hasNextPage: boolean, ...items: (typeof dead | typeof gone)[]) =>
    mayHoldOpen({ data: { pages: [{ items }] }, hasNextPage });

  it('can be acted on only where something is open, or may be beyond what is listed', () => {
    expect(mayHoldOpen({ data: undefined, hasNextPage: false })).toBe(false);
    expect([found(false), found(false, gone), found(false, gone, dead), found(true, gone)]).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });
});

describe('what answered a search', () => {
  it('is told as places, and then by its indexes', () => {
    expect(servedText(['pipeline_1_processed_at_1', 'pipeline_1_processed_at_1'])).toBe(
      'Looked through by an index: the log of attempts. Index: pipeline_1_processed_at_1.',
    );
    expect(servedText(['dead_letters_words, system-1: orders_words', 'system-1: orders_words'])).toBe(
      'Looked through by an index: the words of dead letters, the products of system-1. Indexes: dead_letters_words, system-1: orders_words.',
    );
    expect(servedText([''])).toBeUndefined();
  });
});
