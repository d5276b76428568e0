import { describe, expect, it } from 'vitest';
import { createLogger, outageOf } from '../src/index.ts';

function told() {
  const lines: { level: number; msg: string; reason?: string; err?: unknown }[] = [];
  const destination = { write: (line: string) => lines.push(JSON.parse(line) as (typeof lines)[number]) };
  let at = 0;
  const outage = outageOf('the server', createLogger({ name: 'test', level: 'info', destination }), () => at);
  return { outage, lines, pass: (ms: number) => (at += ms) };
}

const INFO = 30;
const WARN = 40;
const refused = new AggregateError([new Error('connect ECONNREFUSED 127.0.0.1:1')], '');

describe('a server that does not answer', () => {
  it('at a start is one plain line, and a warning only when it lasts', () => {
    const { outage, lines, pass } = told();
    for (let tries = 0; tries < 10; tries += 1) {
      outage.failed(refused);
      pass(1_000);
    }
    expect(lines.map(({ level, err }) => [level, err])).toEqual([[INFO, undefined]]);
    expect(lines[0]?.reason).toBe('connect ECONNREFUSED 127.0.0.1:1');
    pass(20_000);
    for (let tries = 0; tries < 3; tries += 1) outage.failed(refused);
    expect(lines.map(({ level }) => level)).toEqual([INFO, WARN]);
  });

  it('after it did is a warning at once, one for each outage, without a stack', () => {
    const { outage, lines } = told();
    for (let outages = 0; outages < 2; outages += 1) {
      outage.answered();
      outage.failed(new Error('gone'));
      outage.failed(new Error('gone'));
    }
    outage.answered();
    expect(lines.map(({ level }) => level)).toEqual([WARN, INFO, WARN, INFO]);
    expect(JSON.stringify(lines)).not.toContain('stack');
  });
});
