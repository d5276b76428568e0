import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sabotages, type Rewrite } from '../sabotage/sabotages.ts';

const rewrites = Object.entries(sabotages).flatMap(([name, sabotage]) =>
  sabotage.rewrites.map((rewrite: Rewrite) => ({ name, ...rewrite })),
);

describe('the code that a sabotage makes wrong', () => {
  it.each(rewrites)('is there, once: $name in $file', ({ file, find }) => {
    expect(readFileSync(join(import.meta.dirname, '..', '..', file), 'utf8').split(find)).toHaveLength(2);
  });
});
