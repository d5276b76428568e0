import { describe, expect, it } from 'vitest';
import { findingOf } from '../src/shell/find.ts';

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

  it('is words otherwise, and nothing where it is nothing', () => {
    expect(findingOf("Bob's 2 CDs")).toEqual({ kind: 'search', search: { words: "Bob's 2 CDs" } });
    expect(findingOf('  ')).toBeUndefined();
  });
});
