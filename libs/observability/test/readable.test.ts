import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLogger, readableLines } from '../src/index.ts';

const readable = readableLines({ colour: false });
const logged = (given: object, text: string) => {
  let line = '';
  const destination = { write: (written: string) => (line += written) };
  createLogger({ name: 'test', level: 'info', destination }).info(given, text);
  return line.trimEnd();
};

describe('a readable line', () => {
  it('says when, how bad, what, and the rest', () => {
    const line = readable(logged({ run: 7, of: { system: 'system-1' } }, 'a run begins'));
    expect(line).toMatch(/^\[[-\d]{10} [:.\d]{12}\] INFO: a run begins \{"run":7,"of":\{"system":"system-1"\}\}$/);
  });

  it('has colour where that is asked for', () => {
    expect(readableLines({ colour: true })(logged({}, 'ready'))).toContain('\u001B[');
  });

  it('does nothing to a terminal, whatever somebody else wrote into it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (product, text) => {
        expect(readable(logged({ product, list: [{ product }] }, `${text}\u001B[2J\u009B`))).not.toMatch(
          /[^\P{Cc}\n\t]/u,
        );
      }),
    );
  });

  it('is the line itself where no logger wrote it, or not to its end', () => {
    const cut = logged({ run: 7 }, 'a run begins').slice(0, -3);
    for (const line of [cut, '', '42', '  LOG:  ready', '{"t":"now","msg":"waiting"}'])
      expect(readable(line)).toBe(line);
  });
});
