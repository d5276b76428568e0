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

it('publishes every row once, in pages, counts what became of each, and names what the broker has', async () => {
  const rows = Array.from({ length: 10 }, (_, i) => ({ id: String(i), round: 1 }));
  const published: string[] = [];
  const noted: string[] = [];
  const result = await republish(rows, {
    messages: (some) =>
      Promise.resolve(some.filter(({ id }) => id !== '3').map((row) => ({ row, message: message(row.id) }))),
    publish: (messages) => {
      published.push(...messages.map(({ messageId }) => messageId));
      return Promise.resolve(
        messages.map(({ messageId }): PublishOutcome => (messageId === '5' ? 'refused' : 'confirmed')),
      );
    },
    note: (confirmed) => {
      noted.push(...confirmed.map(({ id }) => id));
      return Promise.resolve();
    },
    pageSize: 4,
  });
  expect(noted).toEqual(['0', '1', '2', '4', '6', '7', '8', '9']);
  const { confirmedRows, ...counts } = result;
  expect(confirmedRows.map(({ id }) => id).sort()).toEqual(['0', '1', '2', '4', '6', '7', '8', '9']);
  expect(counts).toEqual({ confirmed: 8, refused: 1, unroutable: 0, gone: 1 });
  expect(published).toEqual(rows.map(({ id }) => id).filter((id) => id !== '3'));
});
