import type { OutgoingMessage, Pipeline, Publish, PublishOutcome } from '@esteira/pipeline';
import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import { freshDatabase, type Fresh } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { vi } from 'vitest';
import {
  atRestView,
  createJob,
  deadLetterMigrations,
  getJob,
  lockToStore,
  lockToWriteDeadLetters,
  supersede,
  writeDeadLetters,
} from '../../src/index.ts';
import type { DeadLetterWrite, DeadLetter, Job, JobRunnerOptions, NewJob, Redrivable } from '../../src/index.ts';

/** A pipeline of things, for tests: a body is `{"system", "id", "created_at", …}` and proves the id it makes. */
export const things: Pipeline = {
  name: 'things',
  types: [
    { name: 'thing.made', schemaVersion: 1 },
    { name: 'thing.broken', schemaVersion: 3 },
  ],
  lanes: ['primary', 'express'],
};
export const STORED = 'stored_things';
/** What its store shows of it. */
export const atRest = atRestView('things');
export const CREATED_AT = '2026-01-01T00:00:00.123456+00:00';

/** The ids of an origin stand in the order of its rows. */
export const idOf = (row: number, origin = 'system-1') =>
  `${Buffer.from(origin).toString('hex').slice(-8)}-0000-8000-8000-${row.toString(16).padStart(12, '0')}`;
export const bodyOf = (row: number, more: object = {}) =>
  Buffer.from(JSON.stringify({ system: 'system-1', id: String(row), created_at: CREATED_AT, ...more }));

export const redrivable: Redrivable = {
  pipeline: things,
  atRest,
  readBody: (body) => {
    try {
      const { system, id, created_at } = JSON.parse(Buffer.from(body).toString()) as Record<string, string>;
      if (system === undefined || id === undefined || created_at === undefined) throw new Error('incomplete');
      return { messageId: idOf(Number(id), system), origin: system, key: id, incarnation: created_at };
    } catch (error) {
      return { problem: { code: 'not-a-thing', message: (error as Error).message } };
    }
  },
};

/** So many rows, from the first or another one on. */
export const rows = (count: number, from = 1) => Array.from({ length: count }, (_, index) => from + index);

/** A redrive of everything, or what is changed of it. */
export const redrive = (changes: Partial<NewJob> = {}): NewJob => ({
  action: 'redrive',
  selection: { filter: {} },
  by: 'ana',
  why: 'the service is back',
  ...changes,
});

/** Waits until it is so. */
export const until = (isSo: () => Promise<boolean> | boolean) => vi.waitUntil(async () => isSo(), patient);

/** A broker that takes nothing before it is opened: what a job does meanwhile it does in the middle of its work. */
export function held(publish: Publish): { readonly publish: Publish; readonly open: () => void } {
  const { promise: gate, resolve } = Promise.withResolvers<undefined>();
  return {
    publish: async (messages) => {
      await gate;
      return publish(messages);
    },
    open: () => {
      resolve(undefined);
    },
  };
}

/** The signal of a job that nobody ends. */
export const forever = new AbortController().signal;

/** The dead letter of a thing. */
export function deadLetterOf(row: number, changes: Partial<DeadLetter> = {}): DeadLetter {
  const at = new Date('2026-01-01T00:00:01Z');
  const error = { code: 'c', message: 'm' };
  const { round = 1 } = changes;
  return {
    messageId: idOf(row),
    pipeline: things.name,
    lane: 'primary',
    type: null,
    origin: 'system-1',
    key: String(row),
    incarnation: CREATED_AT,
    round,
    attempts: [{ round, attempt: 1, error, worker: 'w', started_at: at.toISOString(), duration_ms: 1 }],
    reason: 'attempts-exhausted',
    error,
    body: bodyOf(row),
    headers: { 'x-max-attempts': 3 },
    firstAttemptAt: at,
    deadAt: at,
    ...changes,
  };
}

/** An endput of things. */
export interface ThingsEndput {
  readonly database: Fresh;
  readonly sql: Postgres;
  write(...deadLetters: DeadLetter[]): Promise<DeadLetterWrite[]>;
  writeRows(rows: readonly number[]): Promise<DeadLetterWrite[]>;
  store(row: number, round?: number): Promise<void>;
  create(job: NewJob): Promise<Job>;
  readonly read: (job: Job) => Promise<Job>;
  /** Nothing is in it any more. */
  empty(): Promise<void>;
  /** Ends every other connection to it, as a server does that is stopped. */
  cutOthers(): Promise<void>;
  close(): Promise<void>;
}

export async function openThings(): Promise<ThingsEndput> {
  const database = await freshDatabase('ENDPUT_DATABASE_URL');
  await migrate(database.url, deadLetterMigrations);
  const sql = openPostgres({ url: database.url, applicationName: 'test', max: 8 });
  await sql.query(`CREATE TABLE ${STORED} (message_id uuid PRIMARY KEY, incarnation text,
    round int NOT NULL, attempts int NOT NULL, stored_at timestamptz NOT NULL DEFAULT now())`);
  await sql.query(`CREATE VIEW ${atRest.view} AS SELECT * FROM ${STORED}`);
  const writeAll = (deadLetters: readonly DeadLetter[]) =>
    sql.transaction((tx) => writeDeadLetters(tx, atRest, deadLetters), lockToWriteDeadLetters(atRest));
  return {
    database,
    sql,
    write: (...deadLetters) => writeAll(deadLetters),
    writeRows: (all) => writeAll(all.map((row) => deadLetterOf(row))),
    store: (row, round = 1) =>
      sql.transaction(async (tx) => {
        const messageId = idOf(row);
        await tx.query(`INSERT INTO ${STORED} VALUES ($1, $2, $3, 1) ON CONFLICT DO NOTHING`, [
          messageId,
          CREATED_AT,
          round,
        ]);
        await supersede(tx, [{ messageId, round, incarnation: CREATED_AT }]);
      }, lockToStore(atRest)),
    create: (job) => createJob(sql, things.name, { beside: true, ...job }),
    read: async ({ id }) => (await getJob(sql, things.name, id))!,
    empty: async () => {
      await sql.query(`TRUNCATE dead_letters, dead_letter_jobs, dead_letter_job_items, operator_actions, ${STORED}`);
    },
    cutOthers: async () => {
      await sql.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE datname = current_database() AND pid <> pg_backend_pid()`);
    },
    close: async () => {
      await sql.close();
      await database.drop();
    },
  };
}

/** Options of a runner that remembers what it publishes. */
export function runnerOf(
  { sql }: Pick<ThingsEndput, 'sql'>,
  changes: Partial<JobRunnerOptions> = {},
): JobRunnerOptions & { readonly sent: OutgoingMessage[]; readonly faults: unknown[] } {
  const sent: OutgoingMessage[] = [];
  const faults: unknown[] = [];
  const publish: Publish = (messages) => {
    sent.push(...messages);
    return Promise.resolve(messages.map((): PublishOutcome => 'confirmed'));
  };
  return {
    sql,
    redrivable,
    publish,
    maxAttempts: 5,
    laneDepth: () => Promise.resolve(0),
    maxLaneDepth: 1_000,
    tidy: () => Promise.resolve(),
    untilPutBack: () => Promise.resolve(),
    holder: 'a test',
    // However long this process stands still, its jobs are its own; tests of a lease that ends give one.
    leaseMs: 3_600_000,
    onFault: (fault) => faults.push(fault),
    sent,
    faults,
    ...changes,
  };
}
