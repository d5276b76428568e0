import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, hexDump, indented, readBody } from '../src/body/read.ts';

const textBytes = (text: string) => bytesOf({ encoding: 'utf-8', content: text });

describe('a body', () => {
  it('is JSON, text, or bytes', () => {
    expect(readBody(textBytes('{"a":1}')).kind).toBe('json');
    expect(readBody(textBytes('{"a":')).kind).toBe('text');
    expect(readBody(textBytes('12')).kind).toBe('text');
    expect(readBody(bytesOf({ encoding: 'base64', content: '/wD+' })).kind).toBe('bytes');
    expect(readBody(textBytes('a\u0000b')).kind).toBe('bytes');
  });

  it('keeps every byte', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const content = Buffer.from(bytes).toString('base64');
        expect(bytesOf({ encoding: 'base64', content })).toEqual(new Uint8Array(bytes));
      }),
    );
  });

  it('keeps the digits of its numbers when it is indented', () => {
    expect(indented('{"id":9223372036854775807,"price":12.70}')).toBe(
      '{\n  "id": 9223372036854775807,\n  "price": 12.70\n}',
    );
    expect(indented('no json')).toBe('no json');
  });

  it('as bytes shows offset, hex and what can be printed', () => {
    expect(hexDump(textBytes('Hello, <b>World</b>'))).toBe(
      '000000  48 65 6c 6c 6f 2c 20 3c 62 3e 57 6f 72 6c 64 3c  Hello, <b>World<\n000010  2f 62 3e                                         /b>',
    );
    expect(hexDump(new Uint8Array(40), 16)).toContain('… and 24 bytes more');
  });
});
