import { describe, expect, it } from 'vitest';
import { findingOf as finding } from '../src/shell/find.ts';

const findingOf = (typed: string) => finding(typed, ['system-1']);

describe('what is typed into the search', () => {
  it('is a message where it is a message id', () => {
    const messageId = '7c3f9a52-8e1b-8d04-8000-000000000001';
    expect(findingOf(` ${messageId.toUpperCase()} `)).toEqual({ kind: 'message', messageId });
  });

  it('is a source id where it is a number, with its system before it or without', () => {
    expect(findingOf('42')).toEqual({ kind: 'search', search: { source_id: '42' } });
    expect(findingOf('system-1 #9223372036854775807')).toEqual({
      kind: 'search',
      search: { system: 'system-1', source_id: '9223372036854775807' },
    });
  });

  it.each(['34,868', '#34,868', '34868', '034868'])('is a source id as pages print it: %s', (typed) => {
    expect(findingOf(typed)).toEqual({ kind: 'search', search: { source_id: '34868' } });
  });

  it.each(['system-1 34,868', 'system-1, row 34868', 'system-1/34868'])('is a row of a system: %s', (typed) => {
    expect(findingOf(typed)).toEqual({ kind: 'search', search: { system: 'system-1', source_id: '34868' } });
  });

  it.each(['Lamp 42', '3,4868', '1,5', 'T-Shirt #2'])('is words where no system and no number is: %s', (words) => {
    expect(findingOf(words)).toEqual({ kind: 'search', search: { words } });
  });

  it('is a row of a system as long as it is not known which there are', () => {
    const search = { system: 'system-9', source_id: '42' };
    expect(finding('system-9 42', undefined)).toEqual({ kind: 'search', search });
  });

  it('is words otherwise, and nothing where it is nothing', () => {
    expect(findingOf("Bob's 2 CDs")).toEqual({ kind: 'search', search: { words: "Bob's 2 CDs" } });
    expect(findingOf('  ')).toBeUndefined();
  });
});
