import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '@esteira/infra';
import { describe, expect, it } from 'vitest';
import { sabotages } from '../sabotage/sabotages.ts';

describe('a sabotage', () => {
  it.each(Object.entries(sabotages))('still finds what it makes wrong, once: %s', (_, { rewrites }) => {
    for (const { file, find } of rewrites) {
      const source = readFileSync(join(REPOSITORY, file), 'utf8');
      expect(source.split(find), `${file}: ${find}`).toHaveLength(2);
    }
  });
});
