import { loadSettings } from '@esteira/settings';
import { deadLetterMigrations, lockToWriteDeadLetters, writeDeadLetters } from '@esteira/dead-letters';
import { messageIds, ordersPipeline } from '@esteira/orders/domain';
import { endputMigrations, ordersAtRest } from '@esteira/orders/endput';
import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import { freshDatabase, type Fresh } from '@esteira/tests/support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { knownSystem } from '../src/redrive/known-system.ts';

const { systems } = loadSettings({});
const at = new Date('2026-01-01T00:00:01Z');
let database: Fresh;
let endput: Postgres;

beforeAll(async () => {
  database = await freshDatabase('ENDPUT_DATABASE_URL');
  for (const migrations of [endputMigrations, deadLetterMigrations]) await migrate(database.url, migrations);
  endput = openPostgres({ url: database.url, applicationName: 'test' });
  const deadLetter = {
    messageId: messageIds('of-old')('1'),
    pipeline: ordersPipeline.name,
    lane: ordersPipeline.lanes[0],
    origin: 'of-old',
    key: '1',
    incarnation: at.toISOString(),
    round: 1,
    attempts: [],
    reason: 'attempts-exhausted' as const,
    error: { code: 'c', message: 'm' },
    body: Buffer.from('{}'),
    headers: {},
    type: null,
    firstAttemptAt: at,
    deadAt: at,
  };
  await endput.transaction(
    (tx) => writeDeadLetters(tx, ordersAtRest, [deadLetter]),
    lockToWriteDeadLetters(ordersAtRest),
  );
});
afterAll(async () => {
  await endput.close();
  await database.drop();
});

it('a FILTER may mean a system of SYSTEMS, or one that only dead letters are left of, and no other', async () => {
  await knownSystem(endput, {}, systems);
  await knownSystem(endput, { origin: 'system-1' }, systems);
  await knownSystem(endput, { origin: 'of-old' }, systems);
  await expect(knownSystem(endput, { origin: 'nope' }, systems)).rejects.toThrow(
    /no system nope.* systems are system-1, system-2/,
  );
});
