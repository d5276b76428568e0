import { pageOf, type BookClass, type BookItem, type Books, type BooksReport, type BooksRun } from '@esteira/pipeline';
import { isoTime, type Postgres, type Sql } from '@esteira/postgres';
import { tasksPipeline } from './pipeline.ts';
import { countNotFired, countSchedules, countTasks, type CountedSchedule, type CountedTasks } from './store/count.ts';

const CLASSES: readonly BookClass[] = [
  { name: 'succeeded', label: 'succeeded', kind: 'done' },
  { name: 'dead', label: 'dead', kind: 'dead' },
  { name: 'cancelled', label: 'cancelled', kind: 'discarded' },
  { name: 'discarded', label: 'discarded', kind: 'discarded' },
  { name: 'not-fired', label: 'not fired', kind: 'discarded' },
  { name: 'open', label: 'open', kind: 'in-flight' },
  { name: 'lost', label: 'lost', kind: 'fault', what: 'lost: due, and neither fired nor recorded', remedy: null },
  { name: 'stray', label: 'stray', kind: 'stray', what: 'fired, and not due', remedy: null },
];
const OPEN = ['waiting', 'queued', 'running'];

/** A schedule whose slots do not add up, and by how many. */
interface Fault {
  readonly class: 'lost' | 'stray';
  readonly slots: number;
  readonly schedule: CountedSchedule;
}

/** What does not add up of a schedule; undefined where all does. Pure. */
export function faultOf(schedule: CountedSchedule): Fault | undefined {
  const missing = schedule.due - schedule.fired - schedule.notFired;
  if (missing === 0) return undefined;
  return { class: missing > 0 ? 'lost' : 'stray', slots: Math.abs(missing), schedule };
}

/**
 * The books of tasks. What schedules accepted are their slots that are due, counted anew by their recurrences; what was
 * handed in is what there is. Pure.
 */
export function reportOf(tasks: readonly CountedTasks[], notFired: number, faults: readonly Fault[]): BooksReport {
  const sumOf = (name: Fault['class']) => faults.reduce((sum, one) => sum + (one.class === name ? one.slots : 0), 0);
  const [lost, stray] = [sumOf('lost'), sumOf('stray')];
  const countsOf = (scheduled: boolean) => {
    const counts: Record<string, number> = {};
    for (const { state, count } of tasks.filter((one) => one.scheduled === scheduled)) {
      const name = OPEN.includes(state) ? 'open' : state;
      counts[name] = (counts[name] ?? 0) + count;
    }
    return counts;
  };
  const totalOf = (counts: Record<string, number>) => Object.values(counts).reduce((sum, count) => sum + count, 0);
  const scheduled = { ...countsOf(true), 'not-fired': notFired };
  const handedIn = countsOf(false);
  return {
    accepted: 'slots due and tasks handed in',
    classes: CLASSES,
    origins: [
      { origin: 'schedules', accepted: totalOf(scheduled) + lost - stray, counts: { ...scheduled, lost, stray } },
      ...(totalOf(handedIn) > 0 ? [{ origin: 'api', accepted: totalOf(handedIn), counts: handedIn }] : []),
    ],
  };
}

/** After so long, in minutes, a run that has not ended failed: its process is gone. */
const INTERRUPTED_MINUTES = 10;

const RUN = `run_id::text AS id, started_by AS "startedBy", ${isoTime('started_at', 'startedAt')},
  ${isoTime('ended_at', 'endedAt')}, report, error,
  CASE WHEN error IS NOT NULL THEN 'failed' WHEN ended_at IS NOT NULL THEN 'finished'
       ELSE 'running' END AS state`;

/** The books of tasks, as they stand in their store. @param forPeople answers soon, also where the store hangs */
export function taskBooks(store: Postgres, forPeople: Sql): Books {
  return {
    pipeline: tasksPipeline.name,
    begin: async (startedBy) => {
      await store.query(
        `UPDATE books_runs SET ended_at = now(), error = 'Its process ended before it did.'
          WHERE ended_at IS NULL AND started_at < now() - ${INTERRUPTED_MINUTES} * interval '1 minute'`,
      );
      const [begun] = await store.query<{ run_id: string }>(
        'INSERT INTO books_runs (started_by) VALUES ($1) ON CONFLICT DO NOTHING RETURNING run_id',
        [startedBy],
      );
      if (begun === undefined) {
        const [running] = await store.query<{ run_id: string }>('SELECT max(run_id) AS run_id FROM books_runs');
        return { kind: 'already-running', id: running?.run_id ?? '' };
      }
      void makeUp(store, begun.run_id);
      return { kind: 'begun', id: begun.run_id };
    },
    runs: async ({ limit, cursor }) => {
      const text = `SELECT ${RUN} FROM books_runs WHERE run_id < $1::bigint ORDER BY run_id DESC LIMIT $2`;
      const found = await forPeople.query<BooksRun>(text, [cursor ?? '9223372036854775807', limit + 1]);
      return pageOf(found, limit, ({ id }) => id);
    },
    run: async (id) => {
      if (!/^\d{1,18}$/.test(id)) return undefined;
      const [run] = await forPeople.query<BooksRun>(`SELECT ${RUN} FROM books_runs WHERE run_id = $1::bigint`, [id]);
      return run;
    },
    items: async (id, { class: name, limit, origin = null, cursor = '' }) => {
      const found = await forPeople.query<BookItem>(
        `SELECT class, origin, key, details, NULL AS "sentAgainAt" FROM books_items
          WHERE run_id = $1::bigint AND class = $2 AND ($3::text IS NULL OR origin = $3) AND key > $4
          ORDER BY key LIMIT $5`,
        [id, name, origin, cursor, limit + 1],
      );
      return pageOf(found, limit, ({ key }) => key);
    },
  };
}

/** Counts everything in one snapshot, and keeps what came of it. What fails is kept too. */
async function makeUp(store: Postgres, runId: string): Promise<void> {
  try {
    const { report, faults } = await store.transaction(async (sql) => {
      const faultsFound: Fault[] = [];
      for await (const counted of countSchedules(sql)) {
        const fault = faultOf(counted);
        if (fault !== undefined) faultsFound.push(fault);
      }
      const made = reportOf(await countTasks(sql), await countNotFired(sql), faultsFound);
      return { report: made, faults: faultsFound };
    }, 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    await keep(store, runId, report, faults);
  } catch (error) {
    // The store may be what failed: then the next run says so of this one.
    await store
      .query('UPDATE books_runs SET ended_at = now(), error = $2 WHERE run_id = $1', [runId, (error as Error).message])
      .catch(() => undefined);
  }
}

async function keep(store: Postgres, runId: string, report: BooksReport, faults: readonly Fault[]): Promise<void> {
  await store.transaction(async (sql) => {
    const items = faults.map(({ class: name, schedule: { scheduleId, name: called, due, fired, notFired } }) => {
      const details = `${called}: ${due} due, ${fired} fired, ${notFired} recorded as not fired`;
      return { class: name, key: scheduleId, details };
    });
    await sql.query(
      `INSERT INTO books_items (run_id, class, origin, key, details)
       SELECT $1, class, 'schedules', key, details
         FROM jsonb_to_recordset($2::jsonb) AS items (class text, key text, details text)`,
      [runId, JSON.stringify(items)],
    );
    await sql.query('UPDATE books_runs SET ended_at = now(), report = $2 WHERE run_id = $1', [
      runId,
      JSON.stringify(report),
    ]);
  });
}
