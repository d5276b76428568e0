import { migrate, openPostgres, type Postgres, type Sql } from '@esteira/postgres';
import { freshDatabase, migrateUpTo, type Fresh } from '@esteira/tests/support';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { deadLetterMigrations } from '../src/index.ts';
import { idOf, until } from './support/things.ts';

/** The last migration of the release whose reasons had words of the pipeline orders. */
const LAST = '0007_lane.sql';
const FORMER = 'rejected-by-endput';
const PRESENT = 'rejected-by-store';
/** Whoever waits for a table of this database. */
const LOCKED_OUT = `SELECT 1 FROM pg_locks
  WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

interface Row {
  readonly reason: string;
  readonly code: string;
  readonly codes: readonly string[];
  readonly message?: string;
}

let database: Fresh;
let sql: Postgres;

const written: Readonly<Record<string, Row>> = {
  refused: { reason: 'refused-by-verifier', code: 'too-cheap', codes: ['timeout', 'too-cheap'] },
  rejected: { reason: FORMER, code: FORMER, codes: ['timeout', FORMER] },
  'rejected once, and exhausted after a redrive': {
    reason: 'attempts-exhausted',
    code: 'timeout',
    codes: [FORMER, 'timeout'],
  },
  'of another reason': { reason: 'invalid', code: 'invalid-json', codes: [] },
  'that speaks of it': { reason: 'attempts-exhausted', code: 'c', codes: ['c'], message: `{"code": "${FORMER}"}` },
};

beforeAll(async () => {
  database = await freshDatabase('ENDPUT_DATABASE_URL');
  await migrateUpTo(LAST, database.url, deadLetterMigrations);
  sql = openPostgres({ url: database.url, applicationName: 'test' });
  await write(sql, Object.values(written));
  await jobOf({ filter: { reason: 'refused-by-verifier', words: 'late' } });
  await jobOf({ filter: { reason: FORMER, errorCode: FORMER } });
  await jobOf({ filter: { reason: FORMER, system: 'system-1' } });
  await jobOf({ messageIds: [idOf(1)] });
  await migrate(database.url, deadLetterMigrations);
});

afterAll(async () => {
  await sql.close();
  await database.drop();
});

async function write(to: Sql, all: readonly Row[]): Promise<void> {
  const given = all.map(({ reason, code, codes, message = 'why' }, index) => ({
    id: idOf(1 + index),
    reason,
    error: { code, message },
    attempts: codes.map((one, at) => ({ round: 1, attempt: at + 1, error: { code: one, message }, worker: 'w' })),
  }));
  await to.query(
    `INSERT INTO dead_letters (message_id, pipeline, state, round, attempts, reason, error, body, headers, words,
                               first_attempt_at, dead_at)
     SELECT id, 'things', 'dead', 1, attempts, reason, error, '', '{"x-reason": "as it came"}',
            array_to_tsvector(string_to_array(error ->> 'code', '-')), now(), now()
       FROM jsonb_to_recordset($1::jsonb) AS given (id uuid, reason text, error jsonb, attempts jsonb)`,
    [JSON.stringify(given)],
  );
}

async function jobOf(selection: object): Promise<void> {
  await sql.query(
    `INSERT INTO dead_letter_jobs (pipeline, action, selection, by, why) VALUES ('things', 'redrive', $1, 'ana', 'w')`,
    [JSON.stringify(selection)],
  );
}

const read = async (from: Sql) =>
  from.query<Row & { message: string }>(
    `SELECT reason, error_code AS code, error ->> 'message' AS message,
            array(SELECT one #>> '{error,code}' FROM jsonb_array_elements(attempts) AS one) AS codes
       FROM dead_letters ORDER BY message_id`,
  );

describe('reasons that an earlier release wrote', () => {
  it('are called as this one calls them: of dead letters, of their errors and of their attempts', async () => {
    expect(await read(sql)).toEqual([
      { reason: 'refused', code: 'too-cheap', codes: ['timeout', 'too-cheap'], message: 'why' },
      { reason: PRESENT, code: PRESENT, codes: ['timeout', PRESENT], message: 'why' },
      { reason: 'attempts-exhausted', code: 'timeout', codes: [PRESENT, 'timeout'], message: 'why' },
      { reason: 'invalid', code: 'invalid-json', codes: [], message: 'why' },
      { reason: 'attempts-exhausted', code: 'c', codes: ['c'], message: `{"code": "${FORMER}"}` },
    ]);
  });

  it('are found by the words of both', async () => {
    for (const words of [`rejected & by & store`, `rejected & by & endput`]) {
      const found = await sql.query('SELECT message_id FROM dead_letters WHERE words @@ $1::tsquery', [words]);
      expect(found).toEqual([{ message_id: idOf(2) }]);
    }
  });

  it('are what a job that has not chosen yet chooses by', async () => {
    const jobs = await sql.query<{ selection: object }>('SELECT selection FROM dead_letter_jobs ORDER BY id');
    expect(jobs.map(({ selection }) => selection)).toEqual([
      { filter: { reason: 'refused', words: 'late' } },
      { filter: { reason: PRESENT, errorCode: PRESENT } },
      // The word of that release: what of it still runs must not take it for a job for everything.
      { filter: { reason: PRESENT, system: 'system-1' } },
      { messageIds: [idOf(1)] },
    ]);
  });
});

it('a dead letter that a consumer of an earlier release writes while the table is migrated has the words of this one', async () => {
  const busy = await freshDatabase('ENDPUT_DATABASE_URL');
  await migrateUpTo(LAST, busy.url, deadLetterMigrations);
  const consumer = openPostgres({ url: busy.url, applicationName: 'test' });
  onTestFinished(async () => {
    await consumer.close();
    await busy.drop();
  });
  let migrated: Promise<unknown> = Promise.resolve();
  await consumer.transaction(async (tx) => {
    await write(tx, Object.values(written));
    migrated = migrate(busy.url, deadLetterMigrations);
    await until(async () => (await consumer.query(LOCKED_OUT)).length > 0);
  });
  await migrated;
  expect((await read(consumer)).map(({ reason }) => reason)).toEqual([
    ...['refused', PRESENT, 'attempts-exhausted', 'invalid', 'attempts-exhausted'],
  ]);
});
