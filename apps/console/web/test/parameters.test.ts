import * as fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { deadLettersSearch } from '../src/pages/dead-letters/search.ts';
import { messagesSearch } from '../src/pages/orders/messages/search.ts';
import { pathOf } from '../src/pages/sign-in/search.ts';
import { fromLocalInput, toLocalInput } from '../src/url/local-time.ts';
import { readSearch, writeSearch } from '../src/url/parameters.ts';

describe('the address of a page', () => {
  it('keeps every text, and reads it back', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z_]+$/), fc.string({ minLength: 1 })), (search) => {
        expect(readSearch(writeSearch(search))).toEqual({ ...search });
      }),
    );
  });

  it('leaves out what is empty', () => {
    expect(writeSearch({ words: '', system: undefined })).toBe('');
    expect(writeSearch({ words: 'a b', system: undefined })).toBe('?words=a+b');
  });

  it('never keeps a page from opening: what is not as it should be counts as absent', () => {
    const asked = { state: 'gone', sort: 'price', from: 'soon', origin: 'system-1', other: '1' };
    expect(v.parse(deadLettersSearch, asked)).toEqual({ origin: 'system-1' });
    expect(v.parse(messagesSearch, { source_id: '12x', attempt: '2' })).toEqual({ attempt: '2' });
  });
});

describe('a time in a form', () => {
  it('comes back as the instant that it was', () => {
    expect(fromLocalInput(toLocalInput('2026-05-20T08:00:07.000Z'))).toBe('2026-05-20T08:00:07.000Z');
  });

  it('that is empty or half typed is none', () => {
    expect([fromLocalInput(''), fromLocalInput('2026-'), toLocalInput(undefined), toLocalInput('soon')]).toEqual([
      undefined,
      undefined,
      '',
      '',
    ]);
  });
});

describe('after the sign-in', () => {
  it('one is led back to a page of this console only', () => {
    expect(pathOf('/dead-letters/list?state=dead')).toBe('/dead-letters/list?state=dead');
    for (const elsewhere of [
      undefined,
      '//evil.example',
      '/\\evil.example',
      'https://evil.example',
      '/sign-in?back=/',
    ]) {
      expect(pathOf(elsewhere)).toBe('/');
    }
  });
});
