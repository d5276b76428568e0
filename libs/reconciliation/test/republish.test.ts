import type { OutgoingMessage, PublishOutcome } from '@esteira/pipeline';
import { expect, it } from 'vitest';
import { republish } from '../src/index.ts';

const message = (id: string): OutgoingMessage => ({
  messageId: id,
  type: 'made',
  lane: 'primary',
  body: Buffer.from(id),
  headers: {},
});

it('publishes every row once, in pages, and counts what became of each', async () => {
  const rows = Array.from({ length: 10 }, (_, i) => ({ id: String(i), round: 1 }));
  const published: string[] = [];
  const result = await republish(
    rows,
    (some) => Promise.resolve(some.filter(({ id }) => id !== '3').map(({ id }) => message(id))),
    (messages) => {
      published.push(...messages.map(({ messageId }) => messageId));
      return Promise.resolve(
        messages.map(({ messageId }): PublishOutcome => (messageId === '5' ? 'refused' : 'confirmed')),
      );
    },
    4,
  );
  expect(result).toEqual({ confirmed: 8, refused: 1, unroutable: 0, gone: 1 });
  expect(published).toEqual(rows.map(({ id }) => id).filter((id) => id !== '3'));
});
