import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import {
  createJob,
  deadLetterMigrations,
  editBody,
  getDeadLetter,
  getJob,
  lockToWriteDeadLetters,
  previewJob,
  runJob,
  writeDeadLetters,
  type DeadLetter,
  type Job,
} from '@esteira/dead-letters';
import {
  connectBroker,
  consume,
  createPublisher,
  declareTopology,
  names,
  openManagement,
  pipelineTopology,
  PolicyInForce,
  type Broker,
  type Management,
  type Delivery,
} from '@esteira/messaging';
import { createLogger } from '@esteira/observability';
import type { OutgoingMessage, Publish } from '@esteira/pipeline';
import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import { reconciliationMigrations, RepublishingStopped } from '@esteira/reconciliation';
import { tidyDeadLetterQueue } from '@esteira/repair';
import { freshDatabase, freshVirtualHost, serverSetting, type Fresh } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { messageIds, orderMessages, ordersPipeline, type OrderMessage } from '../src/domain/index.ts';
import { endputMigrations, ordersAtRest } from '../src/endput/index.ts';
import { republishOrders } from '../src/reconciliation/index.ts';
import { orderJobs, redrivableOrders } from '../src/repair/index.ts';
import { ordersTable, sourceMigrations } from '../src/source/index.ts';

const SYSTEM = 'system-1';
const CREATED_AT = '2026-01-01T00:00:00.123456+00:00';
const logger = createLogger({ name: 'test', level: 'silent' });
const redrivable = redrivableOrders([SYSTEM, 'system-2']);
const idOf = (row: number) => messageIds(SYSTEM)(String(row));
const messageOf = orderMessages({ system: SYSTEM, database: 'd', schema: 's', table: 't' });

let vhost: Fresh;
let management: Management;
let database: Fresh;
let source: Fresh;
let endput: Postgres;
let broker: Broker;

beforeAll(async () => {
  vhost = await freshVirtualHost();
  database = await freshDatabase('ENDPUT_DATABASE_URL');
  source = await freshDatabase('SYSTEM1_DATABASE_URL');
  await migrate(database.url, endputMigrations);
  await migrate(database.url, deadLetterMigrations);
  await migrate(database.url, reconciliationMigrations);
  await migrate(source.url, sourceMigrations);
  endput = openPostgres({ url: database.url, applicationName: 'test' });
  broker = await connectBroker({ url: vhost.url, name: 'test', logger });
  await broker.untilConnected();
  management = openManagement(serverSetting('RABBITMQ_MANAGEMENT_URL'), vhost.url);
  await declareTopology(broker, pipelineTopology(ordersPipeline), management, logger);
});
afterAll(async () => {
  await Promise.all([endput.close(), broker.close()]);
  await Promise.all([vhost, database, source].map((fresh) => fresh.drop()));
});
beforeEach(async () => {
  await endput.query('TRUNCATE dead_letters, dead_letter_jobs, dead_letter_job_items, orders');
});

const orderOf = (row: number, product = 'coffee', price = '1.00') =>
  messageOf({ id: String(row), product, price, created_at: CREATED_AT, security_check: false }, { maxAttempts: 3 });

function deadLetterOf(row: number, changes: Partial<DeadLetter> = {}): DeadLetter {
  const { body, headers, messageId } = orderOf(row);
  const at = new Date('2026-01-01T00:00:01Z');
  return {
    messageId,
    pipeline: ordersPipeline.name,
    lane: 'primary',
    type: null,
    origin: SYSTEM,
    key: String(row),
    incarnation: CREATED_AT,
    round: 1,
    attempts: [],
    reason: 'attempts-exhausted',
    error: { code: 'c', message: 'm' },
    body,
    headers,
    firstAttemptAt: at,
    deadAt: at,
    ...changes,
  };
}

const writeAll = (...deadLetters: DeadLetter[]) =>
  endput.transaction((tx) => writeDeadLetters(tx, ordersAtRest, deadLetters), lockToWriteDeadLetters(ordersAtRest));
const deadLetter = async (row: number) => (await getDeadLetter(endput, ordersPipeline.name, idOf(row)))!;
const edit = (row: number, body: Uint8Array) =>
  editBody(endput, redrivable, { messageId: idOf(row), body, by: 'ana', why: 'a typo' });
const jobs = () =>
  orderJobs({
    endput,
    broker,
    management,
    systems: [SYSTEM],
    maxAttempts: 5,
    maxLaneDepth: 1_000_000,
    leaseMs: 3_600_000,
    holder: 'test',
    onFault: () => undefined,
  });
const create = () =>
  createJob(endput, ordersPipeline.name, {
    action: 'redrive',
    selection: { filter: { origin: SYSTEM } },
    by: 'ana',
    why: 'repaired',
    beside: true,
  });
const read = async ({ id }: Job) => (await getJob(endput, ordersPipeline.name, id))!;

/** Takes everything out of a queue, until `isAll` of it is there. */
async function drained(queue: string, isAll: (seen: readonly Delivery[]) => boolean): Promise<Delivery[]> {
  const seen: Delivery[] = [];
  const consumer = consume(broker, {
    queue,
    prefetch: 1_000,
    batchSize: 500,
    batchesInFlight: 1,
    keyOf: ({ tag }) => String(tag),
    handler: (batch) => {
      seen.push(...batch);
      return Promise.resolve(batch.map(() => ({ kind: 'ack' })));
    },
    logger,
  });
  await vi.waitFor(() => {
    expect(isAll(seen)).toBe(true);
  }, patient);
  await consumer.stop(60_000);
  return seen;
}

/** Puts mirrors into the queue of dead letters, as a consumer does. */
const mirror = (mirrors: readonly (readonly [row: number, round: number])[]) => {
  const exchange = names.deadLetterExchange(ordersPipeline);
  const publish = createPublisher(broker, { exchange, mandatory: true, appId: 'test' });
  return publish(
    mirrors.map(([row, round]): OutgoingMessage => {
      const message = orderOf(row);
      return { ...message, headers: { ...message.headers, 'x-round': round } };
    }),
  );
};

describe('an edit of a body', () => {
  it('must be an order, and the same one: id, system, row and time stay', async () => {
    await writeAll(deadLetterOf(1));
    const message = JSON.parse(Buffer.from(orderOf(1).body).toString()) as OrderMessage;
    const refused = async (body: object | string) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const edited = await edit(1, Buffer.from(text));
      return edited.kind === 'refused' ? edited.problem.code : edited.kind;
    };
    const { order } = message;
    expect(await refused('{"')).toBe('invalid-not-json');
    expect(await refused({ ...message, order: { ...order, price: 'free' } })).toBe('invalid-schema');
    expect(await refused({ ...message, order: { ...order, id: '2' } })).toBe('invalid-forged-id');
    expect(await refused({ ...message, message_id: idOf(2), order: { ...order, id: '2' } })).toBe('other-message');
    expect(await refused({ ...message, order: { ...order, created_at: '2027-01-01T00:00:00Z' } })).toBe(
      'other-message',
    );
    expect(await deadLetter(1)).toMatchObject({ isEdited: false, history: [] });
    expect(await edit(99, orderOf(99).body)).toEqual({ kind: 'unknown' });
  });

  it('keeps the bytes that died first, whoever edits how often, and finds the new ones', async () => {
    await writeAll(deadLetterOf(1));
    await edit(1, orderOf(1, 'tea').body);
    expect(await edit(1, orderOf(1, 'cocoa').body)).toMatchObject({ kind: 'edited' });
    const edited = await deadLetter(1);
    expect(edited).toMatchObject({ isEdited: true, body: orderOf(1, 'cocoa').body, originalBody: orderOf(1).body });
    expect(edited.history).toMatchObject([
      { action: 'edited', by: 'ana', why: 'a typo', round: 1 },
      { action: 'edited' },
    ]);
    const preview = (words: string) =>
      previewJob(endput, redrivable, { action: 'redrive', selection: { filter: { words } }, ratePerSecond: 10 });
    expect(await preview('cocoa')).toMatchObject({ total: 1, alreadyStored: 0, canary: 0, seconds: 1 });
    expect(await preview('coffee')).toMatchObject({ total: 0 });
  });

  it('gives one that no order can be made of the price it needs, and is redriven with it', async () => {
    const invalid = Buffer.from(Buffer.from(orderOf(1).body).toString().replace('"price":"1.00"', '"price":"NaN"'));
    await writeAll(deadLetterOf(1, { reason: 'invalid', body: invalid, headers: {} }));
    const before = await create();
    await runJob(jobs(), before.id, new AbortController().signal);
    expect(await read(before)).toMatchObject({ done: 0, unchanged: { unreadable: 1 } });
    await edit(1, orderOf(1).body);
    const job = await create();
    await runJob(jobs(), job.id, new AbortController().signal);
    const [sent] = await drained('orders.primary', ({ length }) => length === 1);
    expect(sent).toMatchObject({ messageId: idOf(1), headers: { 'x-round': 2, 'x-attempt': 1, 'x-max-attempts': 5 } });
    expect(Buffer.from(sent!.body).equals(orderOf(1).body)).toBe(true);
    expect(await edit(1, orderOf(1, 'tea').body)).toEqual({ kind: 'not-dead', state: 'redriven' });
  });
});

describe('a redriven order that is missing in the broker', () => {
  it('is published again as it was edited and in its round; others as their rows are', async () => {
    const sql = openPostgres({ url: source.url, applicationName: 'test' });
    await sql.query(
      `INSERT INTO orders (product, price, security_check, created_at) SELECT 'from the source', 5, true, $1::timestamptz
         FROM generate_series(1, 3)`,
      [CREATED_AT],
    );
    await writeAll(deadLetterOf(1), deadLetterOf(3, { incarnation: '2020-01-01T00:00:00+00:00' }));
    await edit(1, orderOf(1, 'tea').body);
    const job = await create();
    await runJob(jobs(), job.id, new AbortController().signal);
    await drained('orders.primary', ({ length }) => length === 2);
    const sent: OutgoingMessage[] = [];
    await republishOrders(
      [{ name: SYSTEM, source: sql, table: ordersTable }],
      [
        { system: SYSTEM, id: '1', round: 2 },
        { system: SYSTEM, id: '2', round: 1 },
        { system: SYSTEM, id: '3', round: 2 },
      ],
      {
        endput,
        publish: (messages) => {
          sent.push(...messages);
          return Promise.resolve(messages.map(() => 'confirmed'));
        },
        maxAttempts: 5,
        sentBy: { by: 'ana', why: 'lost' },
      },
    );
    await sql.close();
    const told = sent.map(({ body, headers }) => {
      const { order } = JSON.parse(Buffer.from(body).toString()) as OrderMessage;
      return `${order.id} ${order.product}, round ${String(headers['x-round'])}`;
    });
    // The dead letter of row 3 is of another order, which had its id before.
    expect(told).toEqual(['1 tea, round 2', '2 from the source, round 1', '3 from the source, round 2']);
  });
});

describe('publishing missing orders again that a policy stops midway', () => {
  it('tells what was done by then in all systems, and what stopped it', async () => {
    const sql = openPostgres({ url: source.url, applicationName: 'test' });
    await sql.query('TRUNCATE orders RESTART IDENTITY');
    await sql.query(`INSERT INTO orders (product, price, security_check) VALUES ('one', 5, true), ('two', 5, true)`);
    const policy = new PolicyInForce('A policy would lose them.');
    let published = 0;
    const publish: Publish = (messages) => {
      published += 1;
      return published > 1 ? Promise.reject(policy) : Promise.resolve(messages.map(() => 'confirmed'));
    };
    const missing = ['1', '2'].flatMap((id) => ['system-1', 'system-2'].map((system) => ({ system, id, round: 1 })));
    const places = ['system-1', 'system-2'].map((name) => ({ name, source: sql, table: ordersTable }));
    const stopped = await republishOrders(places, [...missing, { system: 'gone', id: '1', round: 1 }], {
      ...{ endput, publish, maxAttempts: 5, sentBy: { by: 'ana', why: 'lost' } },
    }).catch((error: unknown) => error);
    await sql.close();
    expect(stopped).toBeInstanceOf(RepublishingStopped);
    const { done, cause } = stopped as RepublishingStopped<{ system: string; id: string }>;
    expect(cause).toBe(policy);
    expect(done).toMatchObject({ confirmed: 2, unroutable: 0, refused: 0, gone: 1 });
    expect(done.confirmedRows.map(({ system, id }) => `${system}:${id}`)).toEqual(['system-1:1', 'system-1:2']);
  });
});

describe("RabbitMQ's queue of dead letters", () => {
  it('shows what the table shows after a pass: each open death once, and what nobody knows', async () => {
    await writeAll(deadLetterOf(1), deadLetterOf(2), deadLetterOf(3), deadLetterOf(4, { round: 2 }));
    await endput.query(`UPDATE dead_letters SET state = 'redriven', round = 2 WHERE key = '1'`);
    await endput.query(`UPDATE dead_letters SET state = 'discarded' WHERE key = '2'`);
    await mirror([[1, 1], [2, 1], [3, 1], [3, 1], [4, 1], [4, 2], [5, 1]]); // prettier-ignore
    expect(await tidyDeadLetterQueue(ordersPipeline, broker, endput)).toEqual({ looked: 7, removed: 4 });
    const left = await drained('orders.dead-letter', ({ length }) => length === 3);
    expect(left.map(({ messageId, headers }) => [messageId, headers['x-round']]).sort()).toEqual([
      [idOf(3), 1],
      [idOf(4), 2],
      [idOf(5), 1],
    ]);
  });
});

describe('a redrive whose process is killed', () => {
  it('loses none, takes effect once, and tidies up, however often', async () => {
    const COUNT = 2_000;
    const PER_LIFE = 900;
    const rows = Array.from({ length: COUNT }, (_, index) => index + 1);
    await writeAll(...rows.map((row) => deadLetterOf(row)));
    await mirror(rows.map((row) => [row, 1] as const));
    const job = await create();
    let kills = 0;
    const isOver = async () => {
      const { state, isTidy } = await read(job);
      return state === 'finished' && isTidy;
    };
    while (!(await isOver())) {
      const script = join(import.meta.dirname, 'redriving.ts');
      const managementUrl = serverSetting('RABBITMQ_MANAGEMENT_URL');
      const args = [script, vhost.url, managementUrl, database.url, SYSTEM, String(PER_LIFE)];
      const child = spawn(process.execPath, args, { stdio: 'inherit' });
      const exit = once(child, 'exit').then(() => (kills += 1));
      const over = vi.waitUntil(async () => child.signalCode !== null || (await isOver()), patient);
      await Promise.race([exit, over]);
      child.kill('SIGKILL');
      await exit;
    }
    expect(kills).toBeGreaterThan(2);
    expect(await read(job)).toMatchObject({ done: COUNT, total: COUNT });
    const sent = await drained(
      'orders.primary',
      (seen) => new Set(seen.map(({ messageId }) => messageId)).size === COUNT,
    );
    expect(new Set(sent.map(({ headers }) => headers['x-round']))).toEqual(new Set([2]));
    const found = await endput.query(
      `SELECT state, round, jsonb_array_length(history) AS entries, count(*)::int AS count FROM dead_letters GROUP BY 1, 2, 3`,
    );
    expect(found).toEqual([{ state: 'redriven', round: 2, entries: 1, count: COUNT }]);
    expect(await tidyDeadLetterQueue(ordersPipeline, broker, endput)).toEqual({ looked: 0, removed: 0 });
  });
});
