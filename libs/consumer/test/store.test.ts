import type { AttemptDocument, AttemptLog } from '@esteira/attempt-log';
import { deadLetterMigrations } from '@esteira/dead-letters';
import { ordersDefinition } from '@esteira/orders/consumer';
import { orderMessages, type OrderMessage } from '@esteira/orders/domain';
import { endputMigrations, endputReader } from '@esteira/orders/endput';
import { simulatedVerifier } from '@esteira/orders/verifiers';
import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import type { Decision } from '@esteira/pipeline';
import { freshDatabase, type Fresh } from '@esteira/tests/support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decoder } from '../src/stages/decode.ts';
import { giveUpAll } from '../src/stages/decide.ts';
import { logEntryOf } from '../src/stages/log-entry.ts';
import { store } from '../src/stages/store.ts';
import type { Decided } from '../src/work.ts';

const definition = ordersDefinition(['system-1'], simulatedVerifier);

const now = new Date('2026-01-01T00:00:00Z');
const SECOND_TIME = '2026-01-01T00:00:00+00:00';
const toMessage = orderMessages({ system: 'system-1', database: 'd', schema: 'public', table: 'orders' });
const error = { code: 'no', message: 'it is no good' };
const WRITER = { ...definition, worker: 'w', logTtlSeconds: 60 };
const exhausted: Decision = { kind: 'dead-letter', reason: 'attempts-exhausted', error };
let database: Fresh;
let endput: Postgres;

beforeAll(async () => {
  database = await freshDatabase('ENDPUT_DATABASE_URL');
  await migrate(database.url, endputMigrations);
  await migrate(database.url, deadLetterMigrations);
  endput = openPostgres({ url: database.url, applicationName: 'test' });
});
afterAll(async () => {
  await endput.close();
  await database.drop();
});

function decoded(id: string, createdAt = '1997-01-01T00:00:00+00:00') {
  const order = { id, product: '2 CDs', price: '29.33', created_at: createdAt, security_check: true };
  const message = toMessage(order, { maxAttempts: 2 });
  const headers = { ...message.headers, 'x-attempt': 2 };
  const [work] = decoder(definition)([{ ...message, headers, tag: 1, redelivered: false }]);
  return work!;
}

function decided(id: string, decision: Decision, createdAt?: string): Decided<OrderMessage> {
  return { ...decoded(id, createdAt), decision, outcome: { kind: 'succeeded' }, startedAt: now, durationMs: 1 };
}

/** Stores with a log that knows the first attempts. */
async function stored(...batch: Decided<OrderMessage>[]) {
  const orderOf = (id: string) => ({
    created_at: batch.find(({ attempt }) => attempt.messageId === id)?.madeAt,
  });
  const document = (id: string): Partial<AttemptDocument> & { order: object } => ({
    order: orderOf(id),
    message_id: id,
    round: 1,
    attempt: 1,
    error,
    worker: 'w',
    started_at: now,
    duration_ms: 1,
  });
  const attemptLog = { ofMessages: (ids: string[]) => Promise.resolve(ids.map(document)) } as unknown as AttemptLog;
  return store(batch, { ...definition, endput, attemptLog, worker: 'w', now: () => now });
}

const letters = (id: string) =>
  endput.query<{ message_id: string; reason: string; error: typeof error; attempts: unknown[] }>(
    `SELECT message_id, reason, error, attempts FROM dead_letters WHERE key = $1 ORDER BY dead_at, reason`,
    [id],
  );

describe('an order whose id was used before, and which fails all its attempts', () => {
  const first: [string, string, Decision][] = [
    ['stored', '1', { kind: 'store' }],
    ['dead', '2', exhausted],
  ];
  it.each(first)('is a dead letter of its own beside the first, which is %s', async (_, id, end) => {
    await stored(decided(id, end));
    const before = await letters(id);
    const [second] = await stored(decided(id, exhausted, SECOND_TIME));
    const [again] = await stored(decided(id, exhausted, SECOND_TIME));
    expect(second?.decision).toMatchObject({ kind: 'dead-letter', reason: 'identity-conflict' });
    expect(again?.attempt).toEqual(second?.attempt);
    const after = await letters(id);
    expect(after.filter(({ reason }) => reason !== 'identity-conflict')).toEqual(before);
    const beside = after.filter(({ reason }) => reason === 'identity-conflict');
    expect(beside).toHaveLength(1);
    expect(beside[0]).toMatchObject({
      message_id: second?.attempt.messageId,
      attempts: [
        { attempt: 1, error },
        { attempt: 2, error },
      ],
    });
    expect(beside[0]?.error.message).toMatch(/attempts-exhausted: it is no good$/);
    expect(second && logEntryOf(second, WRITER, now)).toMatchObject({ attempt: 2, status: 'dead-lettered' });
    const { deadLetters } = await endputReader(endput, 'system-1').rows([id]);
    expect(deadLetters[0]?.deadLetters).toContainEqual({
      state: 'dead',
      edited: false,
      reason: 'identity-conflict',
      round: 1,
    });
  });

  it('is kept too when both come in one batch', async () => {
    await stored(decided('3', exhausted), decided('3', exhausted, SECOND_TIME));
    expect((await letters('3')).map(({ reason }) => reason).sort()).toEqual([
      'attempts-exhausted',
      'identity-conflict',
    ]);
  });

  it('has no attempt logged that was not made', async () => {
    await stored(decided('4', { kind: 'store' }));
    const [given] = await stored(...giveUpAll([decoded('4', SECOND_TIME)], 'delivery-limit', now));
    expect(given?.deadLetter).toMatchObject({ reason: 'identity-conflict', attempts: [{ attempt: 1 }] });
    expect(given && logEntryOf(given, WRITER, now)).toBeUndefined();
  });
});

it('a dead letter tells of the lane that its message came from', async () => {
  const work = decided('5', exhausted);
  await stored({ ...work, delivery: { ...work.delivery, lane: 'express' } });
  expect(await endput.query(`SELECT lane FROM dead_letters WHERE key = '5'`)).toEqual([{ lane: 'express' }]);
});
