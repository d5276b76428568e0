import type { Beginning, Failed, MessageStates, StoreAnswer, Success } from '@esteira/consumer';
import { bisect, type Bisected, type Sql } from '@esteira/postgres';
import type { Task } from '../message.ts';

/*
 * The transitions of a task while it is done. Each is one statement for a batch, which names the states it expects.
 */

/**
 * Locks the tasks that a statement is about in the order of their ids: two workers that have some of the same wait for each
 * other, and never for good. What a task is then, the statement looks at after that.
 */
const lockedIn = (asked: string) => `locked AS MATERIALIZED (
       SELECT tasks.task_id FROM tasks WHERE tasks.task_id IN (SELECT task_id FROM ${asked})
        ORDER BY tasks.task_id FOR UPDATE
     )`;

const BEGIN = `
     WITH asked AS MATERIALIZED (
       SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::boolean[]) AS asked (task_id, round, attempt, redelivered)
     ), ${lockedIn('asked')}
     UPDATE tasks
        SET state = 'running', token = tasks.token + 1, holder = $5, round = asked.round, attempt = asked.attempt,
            started_at = now(), ended_at = NULL
       FROM asked JOIN locked USING (task_id)
      WHERE tasks.task_id = asked.task_id
        AND CASE tasks.state
              -- A copy of an attempt that was made is none; what came back was perhaps not handed over.
              WHEN 'queued' THEN asked.round > tasks.round OR asked.round = tasks.round
                AND (asked.attempt > tasks.attempt OR asked.redelivered AND asked.attempt = tasks.attempt)
              -- Whoever had it gave it back or lost its connection.
              WHEN 'running' THEN asked.round > tasks.round
                OR asked.redelivered AND asked.round = tasks.round AND asked.attempt >= tasks.attempt
              -- It was redriven.
              WHEN 'dead' THEN asked.round > tasks.round
              ELSE false
            END
      RETURNING tasks.task_id, tasks.token`;

/** `queued → running`, also `running → running` and `dead → running`: the token of each attempt that may be made. */
async function begin(
  sql: Sql,
  beginnings: readonly Beginning<Task>[],
  worker: string,
): Promise<(number | 'taken' | 'unknown')[]> {
  const begun = await sql.query<{ task_id: string; token: number }>(BEGIN, [
    beginnings.map(({ message }) => message.taskId),
    beginnings.map(({ attempt }) => attempt.round),
    beginnings.map(({ attempt }) => attempt.attempt),
    beginnings.map(({ redelivered }) => redelivered),
    worker,
  ]);
  const tokens = new Map(begun.map(({ task_id, token }) => [task_id, token]));
  const begunIds = new Set(tokens.keys());
  const others = beginnings.map(({ message }) => message.taskId).filter((id) => !begunIds.has(id));
  const known = await knownOf(sql, others);
  return beginnings.map(({ message: { taskId } }) => {
    const token = tokens.get(taskId);
    tokens.delete(taskId); // Of copies that come at once, one runs.
    return token ?? (known.has(taskId) || begunIds.has(taskId) ? 'taken' : 'unknown');
  });
}

async function knownOf(sql: Sql, taskIds: readonly string[]): Promise<ReadonlySet<string>> {
  if (taskIds.length === 0) return new Set();
  const rows = await sql.query<{ task_id: string }>('SELECT task_id FROM tasks WHERE task_id = ANY ($1::uuid[])', [
    taskIds,
  ]);
  return new Set(rows.map(({ task_id }) => task_id));
}

/** `running → queued` for another attempt, or `running → dead`; what is given up unattempted may be queued too. */
async function fail(sql: Sql, failures: readonly Failed<Task>[]): Promise<boolean[]> {
  const failed = await sql.query<{ task_id: string }>(
    `WITH failed AS MATERIALIZED (
       SELECT * FROM jsonb_to_recordset($1::jsonb)
                AS failed (task_id uuid, round int, attempt int, token int, dead boolean, due_at timestamptz, error jsonb)
     ), ${lockedIn('failed')}
     UPDATE tasks
        SET state = CASE WHEN failed.dead THEN 'dead' ELSE 'queued' END, error = failed.error, result = NULL,
            run_at = coalesce(failed.due_at, tasks.run_at), ended_at = CASE WHEN failed.dead THEN now() END
       FROM failed JOIN locked USING (task_id)
      WHERE tasks.task_id = failed.task_id AND tasks.round = failed.round
        -- What is given up unattempted may be a copy of an attempt that another one has followed.
        AND CASE WHEN failed.token IS NULL THEN tasks.state IN ('queued', 'running') AND failed.attempt >= tasks.attempt
                 ELSE tasks.state = 'running' AND tasks.token = failed.token
            END
      RETURNING tasks.task_id`,
    [JSON.stringify(failures.map(rowOf))],
  );
  const done = new Set(failed.map(({ task_id }) => task_id));
  const others = failures.map(({ message }) => message.taskId).filter((id) => !done.has(id));
  const known = await knownOf(sql, others);
  return failures.map(({ message: { taskId } }) => done.has(taskId) || !known.has(taskId));
}

function rowOf({ message, attempt, token, decision }: Failed<Task>): object {
  const due = decision.kind === 'wait' ? { due_at: decision.dueAt.toISOString() } : {};
  const { error } = decision;
  const { round, attempt: made } = attempt;
  return {
    ...{ task_id: message.taskId, round, attempt: made, token, dead: decision.kind === 'dead-letter' },
    ...{ ...due, error },
  };
}

/** `running → succeeded`, by compare-and-set on the token: of a task that changed hands nothing is stored. */
export function succeed(sql: Sql, successes: readonly Success<Task>[]): Promise<Bisected<StoreAnswer>[]> {
  return bisect(sql, successes, async (some) => {
    const stored = await sql.query<{ task_id: string }>(
      `WITH done AS MATERIALIZED (
         SELECT * FROM jsonb_to_recordset($1::jsonb) AS done (task_id uuid, token int, result jsonb)
       ), ${lockedIn('done')}
       UPDATE tasks
          SET state = 'succeeded', result = done.result, error = NULL, ended_at = now()
         FROM done JOIN locked USING (task_id)
        WHERE tasks.task_id = done.task_id AND tasks.token = done.token AND tasks.state = 'running'
        RETURNING tasks.task_id`,
      [JSON.stringify(some.map(({ message, token, result }) => ({ task_id: message.taskId, token, result })))],
    );
    const done = new Set(stored.map(({ task_id }) => task_id));
    return some.map(({ message }) => (done.delete(message.taskId) ? 'inserted' : 'late'));
  });
}

/** Who may attempt a task, and what became of attempts that did not succeed. */
export const taskStates: MessageStates<Task> = { begin, fail };
