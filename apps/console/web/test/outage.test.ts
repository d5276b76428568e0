import { expect, it } from 'vitest';
import { OUTAGE_MEANS } from '../src/shell/outage.ts';

it('the banner says of an outage what stands still, where nothing is stored above all', () => {
  expect(OUTAGE_MEANS.endput).toBe('nothing can be stored, so nothing is taken; messages wait in RabbitMQ.');
  expect(OUTAGE_MEANS.mongodb).toContain('no message is taken');
  for (const meaning of Object.values(OUTAGE_MEANS)) expect(meaning).toMatch(/^[a-z][^.]+\.$/);
});
