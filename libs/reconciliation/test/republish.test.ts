import type { OutgoingMessage, PublishOutcome } from '@esteira/pipeline';
import { expect, it } from 'vitest';
import { republish, RepublishingStopped } from '../src/index.ts';

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

it('says what was done by then where something ends it midway', async () => {
  const rows = Array.from({ length: 10 }, (_, i) => ({ id: String(i), round: 1 }));
  const noted: string[] = [];
  const policy = new Error('a policy would lose them');
  const stopped = await republish(rows, {
    messages: (some) => Promise.resolve(some.map((row) => ({ row, message: message(row.id) }))),
    publish: (messages) =>
      messages.some(({ messageId }) => messageId === '8')
        ? Promise.reject(policy)
        : Promise.resolve(messages.map((): PublishOutcome => 'confirmed')),
    note: (confirmed) => {
      noted.push(...confirmed.map(({ id }) => id));
      return Promise.resolve();
    },
    pageSize: 4,
  }).catch((error: unknown) => error);
  expect(stopped).toBeInstanceOf(RepublishingStopped);
  const { done, cause, message: why } = stopped as RepublishingStopped<{ id: string }>;
  expect([cause, why]).toEqual([policy, policy.message]);
  expect(done).toMatchObject({ confirmed: 8, gone: 0, refused: 0 });
  expect(done.confirmedRows.map(({ id }) => id)).toEqual(noted);
});

it('names what the broker has where that can not be noted', async () => {
  const rows = ['1', '2'].map((id) => ({ id, round: 1 }));
  const away = new Error('the endput is away');
  const stopped = await republish(rows, {
    messages: (some) => Promise.resolve(some.map((row) => ({ row, message: message(row.id) }))),
    publish: (messages) => Promise.resolve(messages.map((): PublishOutcome => 'confirmed')),
    note: () => Promise.reject(away),
    pageSize: 1,
  }).catch((error: unknown) => error);
  expect(stopped).toBeInstanceOf(RepublishingStopped);
  expect(stopped).toMatchObject({ cause: away, done: { confirmed: 1, confirmedRows: [{ id: '1' }] } });
});
