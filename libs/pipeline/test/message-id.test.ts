import { describe, expect, it } from 'vitest';
import { contentId, isMessageId } from '../src/index.ts';

describe('the id of a message without a readable one', () => {
  it('is the same for the same bytes and properties, and another for others', () => {
    const a = contentId(Buffer.from('x'), { type: 't' });
    expect(a).toBe(contentId(Buffer.from('x'), { type: 't' }));
    expect(isMessageId(a)).toBe(true);
    expect(a).not.toBe(contentId(Buffer.from('y'), { type: 't' }));
    expect(a).not.toBe(contentId(Buffer.from('x'), { type: 'u' }));
  });
});
