import type { JsonValue } from '@esteira/pipeline';
import { isoTime, type Sql } from '@esteira/postgres';
import type { OutgoingTask } from '../message.ts';

/** Tasks that are queued and must reach the broker, and what remembers that. */
export interface Handover {
  readonly handoverId: string;
  readonly tasks: readonly OutgoingTask[];
}

interface Row {
  handover_id: string;
  task_id: string;
  type: string;
  payload: JsonValue;
  schedule_id: string | null;
  slot: string | null;
  timeout_ms: number;
  lane: string;
  max_attempts: number;
}

const TASK = `tasks.task_id, tasks.type, tasks.payload, tasks.schedule_id, ${isoTime('tasks.slot', 'slot')},
              tasks.timeout_ms, tasks.lane, tasks.max_attempts`;

/**
 * Takes handovers that nobody has seen confirmed for so long: their scheduler has died, or RabbitMQ was away. They are this
 * caller's for as long again. What was begun meanwhile is left out; what is not may be sent twice, which a worker notices.
 */
export async function takeOldHandovers(sql: Sql, olderThanMs: number, limit: number): Promise<Handover[]> {
  const rows = await sql.query<Row>(
    `WITH taken AS (
       UPDATE handovers SET at = now()
        WHERE handover_id IN (SELECT handover_id FROM handovers WHERE at < now() - $1 * interval '1 millisecond'
                               ORDER BY handover_id LIMIT $2 FOR UPDATE SKIP LOCKED)
       RETURNING handover_id, task_ids
     )
     SELECT taken.handover_id, ${TASK}
       FROM taken
      CROSS JOIN LATERAL unnest(taken.task_ids) AS id
       LEFT JOIN tasks ON tasks.task_id = id AND tasks.state = 'queued' AND tasks.attempt = 0`,
    [olderThanMs, limit],
  );
  return [...Map.groupBy(rows, ({ handover_id }) => handover_id)].map(([handoverId, some]) => ({
    handoverId,
    // Of a handover whose tasks have all begun there is one row, without a task.
    tasks: some.filter(({ task_id }: { task_id: string | null }) => task_id !== null).map(outgoing),
  }));
}

/** Tasks whose predecessor has ended wait no longer: `waiting → queued`. Undefined where there is none. */
export async function releaseWaiting(sql: Sql, limit: number): Promise<Handover | undefined> {
  const rows = await sql.query<Row>(
    `WITH free AS (
       DELETE FROM waiting_tasks
        WHERE task_id IN (SELECT waiting.task_id
                            FROM waiting_tasks AS waiting
                            LEFT JOIN tasks AS before ON before.task_id = waiting.behind
                           WHERE coalesce(before.state NOT IN ('waiting', 'queued', 'running'), true)
                           ORDER BY waiting.task_id LIMIT $1 FOR UPDATE OF waiting SKIP LOCKED)
       RETURNING task_id
     ), released AS (
       UPDATE tasks SET state = 'queued', run_at = greatest(run_at, now())
         FROM free
        WHERE tasks.task_id = free.task_id AND tasks.state = 'waiting'
       RETURNING ${TASK}
     ), handed AS (
       INSERT INTO handovers (task_ids) SELECT array_agg(task_id) FROM released HAVING count(*) > 0
       RETURNING handover_id
     )
     SELECT handed.handover_id, released.* FROM released, handed`,
    [limit],
  );
  const [first] = rows;
  return first === undefined ? undefined : { handoverId: first.handover_id, tasks: rows.map(outgoing) };
}

function outgoing(row: Row): OutgoingTask {
  const { task_id, type, payload, schedule_id, slot, timeout_ms, lane, max_attempts } = row;
  return {
    ...{ taskId: task_id, type, payload, scheduleId: schedule_id, slot: slot === null ? null : toMilliseconds(slot) },
    ...{ timeoutMs: timeout_ms, lane, maxAttempts: max_attempts },
  };
}

/** Slots are whole milliseconds; Postgres writes six digits. */
const toMilliseconds = (iso: string) => new Date(iso).toISOString();

/** Forgets what the broker has confirmed. */
export async function forgetHandovers(sql: Sql, handoverIds: readonly string[]): Promise<void> {
  if (handoverIds.length === 0) return;
  await sql.query('DELETE FROM handovers WHERE handover_id = ANY ($1::bigint[])', [handoverIds]);
}
