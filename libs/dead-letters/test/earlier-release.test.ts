import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import { freshDatabase, migrateUpTo, type Fresh } from '@esteira/tests/support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  deadLetterMigrations,
  getJob,
  listDeadLetters,
  NEWEST_FIRST,
  resumeJob,
  startJobRunner,
} from '../src/index.ts';
import { atRest, bodyOf, CREATED_AT, idOf, rows, runnerOf, STORED, until } from './support/things.ts';

/** The last migration of the release before leases were shared and dead letters kept their lane. */
const LAST = '0006_asked_actions.sql';
const EDITED = bodyOf(30, { note: 'edited' });

let database: Fresh;
let sql: Postgres;

/** What that release had in its endput in the middle of its work, and then this release's migrations. */
beforeAll(async () => {
  database = await freshDatabase('ENDPUT_DATABASE_URL');
  await migrateUpTo(LAST, database.url, deadLetterMigrations);
  sql = openPostgres({ url: database.url, applicationName: 'test' });
  await sql.query(`CREATE TABLE ${STORED} (message_id uuid PRIMARY KEY, incarnation text,
    round int NOT NULL, attempts int NOT NULL, stored_at timestamptz NOT NULL DEFAULT now())`);
  await sql.query(`CREATE VIEW ${atRest.view} AS SELECT * FROM ${STORED}`);
  await deadLettersOf(rows(40));
  await jobOf({ rows: rows(20), state: 'paused', markedUpTo: 10, sentUpTo: 10 });
  // Killed when it had marked five and published none of them.
  await jobOf({ rows: rows(20, 21), state: 'running', markedUpTo: 5, sentUpTo: 0, holder: 'console' });
  await migrate(database.url, deadLetterMigrations);
});

afterAll(async () => {
  await sql.close();
  await database.drop();
});

async function deadLettersOf(all: readonly number[]): Promise<void> {
  const given = all.map((row) => ({ id: idOf(row), row, body: (row === 30 ? EDITED : bodyOf(row)).toString() }));
  await sql.query(
    `INSERT INTO dead_letters (message_id, pipeline, system, source_id, source_created_at, state, round, attempts,
                               reason, error, body, original_body, headers, first_attempt_at, dead_at)
     SELECT id, 'things', 'system-1', row, $2, 'dead', 1, '[]', 'attempts-exhausted', '{"code": "c", "message": "m"}',
            convert_to(body, 'UTF8'), CASE WHEN row = 30 THEN convert_to('{}', 'UTF8') END, '{"x-max-attempts": 3}', now(), now()
       FROM jsonb_to_recordset($1::jsonb) AS given (id uuid, row int, body text)`,
    [JSON.stringify(given), CREATED_AT],
  );
}

interface Left {
  readonly rows: readonly number[];
  readonly state: string;
  readonly markedUpTo: number;
  readonly sentUpTo: number;
  readonly holder?: string;
}

async function jobOf({ rows: all, state, markedUpTo, sentUpTo, holder }: Left): Promise<void> {
  const [job] = await sql.query<{ id: string }>(
    `INSERT INTO dead_letter_jobs (pipeline, action, selection, by, why, state, frozen, total, marked_up_to, sent_up_to,
                                   done, leg_done, tidied, holder, lease_until, fence)
     VALUES ('things', 'redrive', '{"filter": {}}', 'ana', 'mended', $1, true, $2, $3, $4, $3, $3, false, $5,
             now() + interval '1 hour', 3) RETURNING id`,
    [state, all.length, markedUpTo, sentUpTo, holder ?? null],
  );
  await sql.query(
    `INSERT INTO dead_letter_job_items (job, ordinal, message_id, round, outcome)
     SELECT $1::bigint, ordinality, id, 1, CASE WHEN ordinality <= $3 THEN 'done' END
       FROM unnest($2::uuid[]) WITH ORDINALITY AS item (id, ordinality)`,
    [job?.id, all.map((row) => idOf(row)), markedUpTo],
  );
  await sql.query(
    `UPDATE dead_letters SET state = 'redriven', round = 2, job = $1::bigint, job_leg = 1 WHERE message_id = ANY ($2::uuid[])`,
    [job?.id, all.slice(0, markedUpTo).map((row) => idOf(row))],
  );
}

describe('what an earlier release left in the endput', () => {
  it('is listed as it was', async () => {
    const { items } = await listDeadLetters(sql, 'things', { filter: {}, sort: NEWEST_FIRST, limit: 100 });
    expect(items.filter(({ state }) => state === 'dead')).toHaveLength(25);
    expect(items.filter(({ state }) => state === 'redriven')).toHaveLength(15);
    expect(items.filter(({ isEdited }) => isEdited).map(({ key }) => key)).toEqual(['30']);
  });

  it('goes on: a job that was killed in the middle at once, a paused one when it is resumed; each message once', async () => {
    const options = runnerOf({ sql }, { holder: 'console' });
    const runner = startJobRunner(options);
    const finished = (id: string) => until(async () => (await getJob(sql, 'things', id))?.state === 'finished');
    await finished('2');
    expect(options.sent.map(({ messageId }) => messageId).sort()).toEqual(rows(20, 21).map((row) => idOf(row)));
    expect(await getJob(sql, 'things', '1')).toMatchObject({ state: 'paused', handled: 10, total: 20 });
    await resumeJob(sql, 'things', '1', { by: 'ana' });
    await finished('1');
    await runner.stop();
    const sent = options.sent.map(({ messageId }) => messageId);
    expect(sent.sort()).toEqual(rows(30, 11).map((row) => idOf(row)));
    expect(new Set(options.sent.map(({ lane }) => lane))).toEqual(new Set(['primary']));
    expect(options.sent.find(({ messageId }) => messageId === idOf(30))?.body).toEqual(EDITED);
    expect(options.faults).toEqual([]);
  });
});
