import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** The most lines that a whole pipeline of this size may need: what is more, the core should do. */
const MOST_LINES = 300;

const SOURCE = join(import.meta.dirname, 'src');
const files = globSync('**/*.*', { cwd: SOURCE }).map((name) => ({
  name,
  text: readFileSync(join(SOURCE, name), 'utf8'),
}));

it(`a pipeline of parcels is ${MOST_LINES} lines at most, its SQL and its comments included`, () => {
  const lines = files.map(({ text }) => text.split('\n').length - 1);
  expect(lines.length).toBeGreaterThan(5);
  expect(lines.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(MOST_LINES);
});

it('a pipeline of parcels imports nothing of orders', () => {
  expect(files.filter(({ text }) => /@esteira\/orders|orders-(api|consumer)/.test(text))).toEqual([]);
  expect(files.some(({ text }) => text.includes('@esteira/consumer'))).toBe(true);
});
