import {
  deadLetterMigrations,
  editBody,
  getDeadLetter,
  getJob,
  groupDeadLetters,
  listDeadLetters,
  lockToWriteDeadLetters,
  lookUpDeadLetters,
  previewJob,
  recall,
  redrivenMessages,
  resumeJob,
  startJobRunner,
  suspects,
  writeDeadLetters,
  type DeadLetter,
  type JobRunnerOptions,
} from '@esteira/dead-letters';
import type { OutgoingMessage } from '@esteira/pipeline';
import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import { patient } from '@esteira/tests/patience';
import { freshDatabase, migrateUpTo, type Fresh } from '@esteira/tests/support';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { messageIds, orderMessages } from '../src/domain/index.ts';
import { endputMigrations, endputReader, ordersAtRest, storeOrders } from '../src/endput/index.ts';
import { redrivableOrders } from '../src/repair/index.ts';

/** The last migrations of the release whose core knew systems, rows and times in place of identities. */
const LAST = { orders: '0002_at_rest.sql', deadLetters: '0007_lane.sql' };
const SYSTEM = 'system-1';
/** As a row tells its time, and the text it is known by. */
const TIMES = ['1997-01-01 00:00:00+00', '2026-01-01 02:00:00.120000+02', '0001-01-01 00:00:00+02'];
const CREATED = ['1997-01-01T00:00:00+00:00', '2026-01-01T00:00:00.12+00:00', '0001-12-31T22:00:00+00:00 BC'] as const;
const idOf = (row: number) => messageIds(SYSTEM)(String(row));
const redrivable = redrivableOrders([SYSTEM]);
const toMessage = orderMessages({ system: SYSTEM, database: 'd', schema: 'public', table: 'orders' });
const orderOf = (row: number, product = 'tea') => ({
  ...{ id: String(row), product, price: '1.00', security_check: false },
  created_at: CREATED[row % 2] ?? '',
});
const bodyOf = (row: number, product?: string) =>
  Buffer.from(toMessage(orderOf(row, product), { maxAttempts: 3 }).body);

/** An endput as that release left it: rows 1 and 2 stored, others dead, redriven, discarded and edited, jobs, a trial. */
async function earlierEndput(): Promise<{ database: Fresh; sql: Postgres }> {
  const database = await freshDatabase('ENDPUT_DATABASE_URL');
  await migrateUpTo(LAST.orders, database.url, endputMigrations);
  await migrateUpTo(LAST.deadLetters, database.url, deadLetterMigrations);
  const sql = openPostgres({ url: database.url, applicationName: 'test' });
  await sql.query(
    `INSERT INTO orders SELECT id, $2, row, 'tea', 1, true, made::timestamptz, 1, 2
       FROM jsonb_to_recordset($1::jsonb) AS given (id uuid, row bigint, made text)`,
    [JSON.stringify([1, 2, 3].map((row) => ({ id: idOf(row), row, made: TIMES[row % 3] }))), SYSTEM],
  );
  const dead = Array.from({ length: 30 }, (_, index) => 10 + index);
  await deadLettersOf(sql, dead);
  await sql.query(
    `UPDATE dead_letters SET body = $1, original_body = body, history = '[{"action": "edited", "round": 1}]' WHERE source_id = 12`,
    [bodyOf(12, 'cocoa')],
  );
  await sql.query(`UPDATE dead_letters SET state = 'redriven', round = 2 WHERE source_id = 13`);
  await sql.query(`UPDATE dead_letters SET state = 'discarded' WHERE source_id = 14`);
  await sql.query(
    `INSERT INTO dead_letters (message_id, pipeline, state, round, attempts, reason, error, body, headers, first_attempt_at, dead_at)
     VALUES ('00000000-0000-8000-8000-000000000001', 'orders', 'dead', 1, '[]', 'invalid', '{"code": "c", "message": "m"}', '{', '{}', now(), now())`,
  );
  await sql.query(
    `INSERT INTO dead_letter_jobs (pipeline, action, selection, by, why, state)
     VALUES ('orders', 'redrive', '{"filter": {"system": "system-1", "reason": "attempts-exhausted"}}', 'ana', 'mended', 'paused')`,
  );
  await sql.query(`INSERT INTO trials (key, pipeline, crashes) VALUES ($1, 'orders', 2)`, [idOf(20)]);
  return { database, sql };
}

/** Rows 30 and above are of a system that the jobs here are not for. */
async function deadLettersOf(sql: Postgres, rows: readonly number[]): Promise<void> {
  const given = rows.map((row) => ({
    ...{ id: idOf(row), row, made: TIMES[row % 2], body: bodyOf(row).toString() },
    system: row < 30 ? SYSTEM : 'system-2',
  }));
  await sql.query(
    `INSERT INTO dead_letters (message_id, pipeline, system, source_id, source_created_at, state, round, attempts,
                               reason, error, body, headers, first_attempt_at, dead_at)
     SELECT id, 'orders', system, row, made::timestamptz, 'dead', 1, '[{}, {}, {}]', 'attempts-exhausted',
            '{"code": "c", "message": "m"}', convert_to(body, 'UTF8'), '{"x-max-attempts": 3}', now(), now()
       FROM jsonb_to_recordset($1::jsonb) AS given (id uuid, row bigint, made text, body text, system text)`,
    [JSON.stringify(given)],
  );
}

/** Both families of this release, in the order in which a consumer brings them up to date. */
async function migrateNow(url: string): Promise<void> {
  for (const migrations of [endputMigrations, deadLetterMigrations]) await migrate(url, migrations);
}

async function closed({ database, sql }: { database: Fresh; sql: Postgres }): Promise<void> {
  await sql.close();
  await database.drop();
}

describe('the endput of an earlier release', () => {
  let sql: Postgres;

  beforeAll(async () => {
    const endput = await earlierEndput();
    sql = endput.sql;
    await migrateNow(endput.database.url);
    return () => closed(endput);
  });

  const asked = (row: number, incarnation: string | null, round = 1) => ({ messageId: idOf(row), round, incarnation });

  it('has its dead letters found by everything that was known of them', async () => {
    const filter = { origin: SYSTEM, state: 'dead' } as const;
    const { items } = await listDeadLetters(sql, 'orders', { filter, limit: 100 });
    expect(items).toHaveLength(18);
    const [found] = await lookUpDeadLetters(sql, 'orders', { origin: SYSTEM, key: '12' });
    expect(found).toMatchObject({ messageId: idOf(12), origin: SYSTEM, key: '12', isEdited: true });
    expect(await getDeadLetter(sql, 'orders', idOf(11))).toMatchObject({ key: '11', incarnation: CREATED[1] });
    const { groups } = await groupDeadLetters(sql, 'orders');
    expect(groups.map(({ reason, count }) => [reason, count])).toEqual([
      ['attempts-exhausted', 28],
      ['invalid', 1],
    ]);
    const { deadLetters } = await endputReader(sql, SYSTEM).rows(['13', '14']);
    expect(deadLetters.map(({ id, day }) => [id, day]).sort()).toEqual([
      ['13', '2026-01-01'],
      ['14', '1997-01-01'],
    ]);
    const page = await endputReader(sql, SYSTEM).deadLetters('14', 4);
    expect(page.map(({ id }) => id)).toEqual(['15', '16', '17', '18']);
  });

  it('has copies of what rests recognised, and another incarnation under the same id is still another order', async () => {
    const others = await recall(sql, ordersAtRest, [
      asked(1, CREATED[0]),
      asked(11, CREATED[0]),
      asked(99, CREATED[0]),
    ]);
    expect(others).toEqual([undefined, undefined, undefined]);
    const rest = await recall(sql, ordersAtRest, [
      ...[1, 2, 3].map((row) => asked(row, CREATED[row % 3] ?? '')),
      ...[11, 12, 14].map((row) => asked(row, CREATED[row % 2] ?? '')),
    ]);
    expect(rest.map((one) => one?.kind)).toEqual(['stored', 'stored', 'stored', 'dead', 'dead', 'dead']);
    const again = (row: number, created_at: string) => ({
      attempt: {
        ...asked(row, created_at),
        pipeline: 'orders',
        origin: SYSTEM,
        key: String(row),
        attempt: 1,
        maxAttempts: 3,
      },
      message: { order: { ...orderOf(row), created_at } },
    });
    const stored = await sql.transaction((tx) =>
      storeOrders(tx, [again(1, '1997-01-01T00:00:00Z'), again(1, CREATED[0])]),
    );
    expect(stored).toEqual([{ result: 'conflict' }, { result: 'conflict' }]);
    const copy = await sql.transaction((tx) => storeOrders(tx, [again(1, '2026-01-01T02:00:00.120+02:00')]));
    expect(copy).toEqual([{ result: 'same' }]);
  });

  it('takes a copy of a dead letter for one, and another incarnation for a conflict', async () => {
    const dead = (row: number, incarnation: string): DeadLetter => ({
      ...{
        messageId: idOf(row),
        pipeline: 'orders',
        lane: 'primary',
        type: null,
        origin: SYSTEM,
        key: String(row),
        incarnation,
      },
      ...{ round: 1, attempts: [], reason: 'attempts-exhausted', error: { code: 'c', message: 'm' }, headers: {} },
      ...{ body: bodyOf(row), firstAttemptAt: new Date(), deadAt: new Date() },
    });
    const written = await sql.transaction(
      (tx) =>
        writeDeadLetters(tx, ordersAtRest, [
          ...[dead(11, CREATED[1]), dead(11, CREATED[0]), dead(1, CREATED[1]), dead(1, CREATED[0])],
        ]),
      lockToWriteDeadLetters(ordersAtRest),
    );
    expect(written).toEqual(['same', 'conflict', 'stored', 'conflict']);
  });

  it('keeps suspects, what was edited, and who an edit must stay', async () => {
    expect(await suspects(sql, [idOf(20)])).toEqual(new Map([[idOf(20), { alone: 2, beside: 0 }]]));
    const edit = { messageId: idOf(15), by: 'ana', why: 'a typo' };
    const later = Buffer.from(bodyOf(15, 'milk').toString().replace(CREATED[1], '2027-01-01T00:00:00Z'));
    expect(await editBody(sql, redrivable, { ...edit, body: later })).toMatchObject({ kind: 'refused' });
    const spelled = Buffer.from(bodyOf(15, 'milk').toString().replace(CREATED[1], '2026-01-01T02:00:00.120+02:00'));
    expect(await editBody(sql, redrivable, { ...edit, body: spelled })).toMatchObject({ kind: 'edited' });
    expect(await getDeadLetter(sql, 'orders', idOf(12))).toMatchObject({
      originalBody: bodyOf(12),
      body: bodyOf(12, 'cocoa'),
    });
    const made = await redrivenMessages(sql, redrivable, { origin: SYSTEM, keys: ['13', '14'] }, 5);
    expect(made).toMatchObject([{ message: { messageId: idOf(13) }, incarnation: CREATED[1] }]);
  });

  it('has a job that was paused go on with what it was for, and nothing else', async () => {
    const preview = await previewJob(sql, redrivable, { action: 'redrive', selection: { filter: { origin: SYSTEM } } });
    expect(preview).toMatchObject({ total: 18, alreadyStored: 0, byOrigin: [{ origin: SYSTEM, count: 18 }] });
    const sent: OutgoingMessage[] = [];
    const runner = startJobRunner(runnerOf(sql, sent));
    onTestFinished(() => runner.stop());
    await resumeJob(sql, 'orders', '1', { by: 'ana' });
    await vi.waitUntil(async () => (await getJob(sql, 'orders', '1'))?.state === 'finished', patient);
    const rows = Array.from({ length: 20 }, (_, index) => 10 + index).filter((row) => row !== 13 && row !== 14);
    expect(sent.map(({ messageId }) => messageId).sort()).toEqual(rows.map(idOf));
    expect(sent.find(({ messageId }) => messageId === idOf(12))?.body).toEqual(bodyOf(12, 'cocoa'));
    expect(await getJob(sql, 'orders', '1')).toMatchObject({ selection: { filter: { origin: SYSTEM } }, total: 18 });
  });
});

function runnerOf(sql: Postgres, sent: OutgoingMessage[]): JobRunnerOptions {
  return {
    ...{ sql, redrivable, maxAttempts: 5, maxLaneDepth: 1_000, holder: 'a test', leaseMs: 3_600_000 },
    publish: (messages) => {
      sent.push(...messages);
      return Promise.resolve(messages.map(() => 'confirmed' as const));
    },
    laneDepth: () => Promise.resolve(0),
    tidy: () => Promise.resolve(),
    untilPutBack: () => Promise.resolve(),
    onFault: (fault) => {
      throw fault;
    },
  };
}

it.each([
  ['its own tables', endputMigrations],
  ['the dead letters', deadLetterMigrations],
])('a start that was ended after it brought %s up to date is gone on with by the next one', async (_, first) => {
  const endput = await earlierEndput();
  onTestFinished(() => closed(endput));
  await migrate(endput.database.url, first);
  await migrateNow(endput.database.url);
  const rest = await recall(endput.sql, ordersAtRest, [
    { messageId: idOf(1), round: 1, incarnation: CREATED[1] },
    { messageId: idOf(11), round: 1, incarnation: CREATED[1] },
  ]);
  expect(rest.map((one) => one?.kind)).toEqual(['stored', 'dead']);
});
