import type { Settings } from '@esteira/settings';
import { deadLetterMigrations, lockToWriteDeadLetters, writeDeadLetters } from '@esteira/dead-letters';
import { createPublisher, names, type Broker } from '@esteira/messaging';
import { ordersPipeline } from '@esteira/orders/domain';
import { endputMigrations, ordersAtRest } from '@esteira/orders/endput';
import { sourceMigrations } from '@esteira/orders/source';
import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import { MongoClient } from 'mongodb';
import { attemptsOf, isDead, letterOf, messageOf, orderOf, SYSTEMS, type System, type World } from './world.ts';

const LETTERS_AT_ONCE = 2_000;
const ROWS_AT_ONCE = 10_000;

/** Puts a world into fresh databases, before any app runs: the log has no index yet, so it is filled quickly. */
export async function fillWorld(settings: Settings, world: World): Promise<void> {
  await migrate(settings.ENDPUT_DATABASE_URL, endputMigrations);
  await migrate(settings.ENDPUT_DATABASE_URL, deadLetterMigrations);
  await opened(settings.ENDPUT_DATABASE_URL, async (endput) => {
    for (const system of SYSTEMS) await storeOrders(endput, world, system);
    await writeLetters(endput, world);
    for (const table of ['orders', 'dead_letters']) await endput.query(`VACUUM (ANALYZE) ${table}`);
  });
  for (const { databaseUrl } of settings.systems) {
    await migrate(databaseUrl, sourceMigrations);
    await opened(databaseUrl, (source) => fillSource(source, world));
  }
  await logAttempts(settings.MONGODB_URL, world);
}

async function opened(url: string, work: (sql: Postgres) => Promise<void>): Promise<void> {
  const sql = openPostgres({ url, applicationName: 'bench', max: 1, queryTimeoutMs: 0 });
  try {
    await work(sql);
    await sql.query('CHECKPOINT');
  } finally {
    await sql.close();
  }
}

function* chunks(from: number, to: number, size: number): Generator<number[]> {
  for (let at = from; at <= to; at += size) {
    yield Array.from({ length: Math.min(size, to - at + 1) }, (_, index) => at + index);
  }
}

const ORDER = 'id bigint, product text, price numeric, security_check boolean, created_at timestamptz';

async function fillSource(source: Postgres, { rows, orphans }: World): Promise<void> {
  for (const chunk of chunks(1, rows - orphans, ROWS_AT_ONCE)) {
    await source.query(
      `INSERT INTO orders (id, product, price, security_check, created_at) OVERRIDING SYSTEM VALUE
       SELECT id, product, price, security_check, created_at FROM jsonb_to_recordset($1::jsonb) AS given (${ORDER})`,
      [JSON.stringify(chunk.map(orderOf))],
    );
  }
  await source.query('VACUUM (ANALYZE) orders');
}

async function storeOrders(endput: Postgres, { rows }: World, system: System): Promise<void> {
  for (const chunk of chunks(1, rows, ROWS_AT_ONCE)) {
    const stored = chunk
      .filter((row) => !isDead(row))
      .map((row) => ({ ...orderOf(row), message_id: messageOf(system, row).messageId }));
    await endput.query(
      `INSERT INTO orders (message_id, system, source_id, product, price, security_check, source_created_at, round, attempts)
       SELECT message_id, $2, id, product, price, security_check, created_at, 1, 1
         FROM jsonb_to_recordset($1::jsonb) AS given (message_id uuid, ${ORDER})`,
      [JSON.stringify(stored), system],
    );
  }
}

async function writeLetters(endput: Postgres, world: World): Promise<void> {
  for (const chunk of chunks(1, world.rows, LETTERS_AT_ONCE)) {
    const dead = chunk.filter(isDead);
    const letters = SYSTEMS.flatMap((system) => dead.map((row) => letterOf(world, system, row)));
    await endput.transaction(
      (sql) => writeDeadLetters(sql, ordersAtRest, letters),
      lockToWriteDeadLetters(ordersAtRest),
    );
  }
}

async function logAttempts(url: string, world: World): Promise<void> {
  const client = new MongoClient(url);
  const log = client.db().collection<{ _id: string }>('attempts');
  for (const chunk of chunks(1, world.rows, LETTERS_AT_ONCE)) {
    const documents = SYSTEMS.flatMap((system) => chunk.flatMap((row) => attemptsOf(world, system, row)));
    await log.insertMany(documents, { ordered: false });
  }
  await client.close();
}

/** Puts what a consumer puts into RabbitMQ's queue of dead letters: one message for each. The queues must be there. */
export async function mirrorLetters(broker: Broker, world: World): Promise<void> {
  const exchange = names.deadLetterExchange(ordersPipeline);
  const publish = createPublisher(broker, { exchange, mandatory: true, appId: 'bench' });
  for (const chunk of chunks(1, world.rows, ROWS_AT_ONCE)) {
    const dead = chunk.filter(isDead);
    const outcomes = await publish(SYSTEMS.flatMap((system) => dead.map((row) => messageOf(system, row))));
    if (outcomes.some((outcome) => outcome !== 'confirmed')) throw new Error('RabbitMQ did not take a dead letter.');
  }
}
