import type { Beginning, Failed, MessageStates, StoreAnswer, Success } from '@esteira/consumer';
import { bisect, type Bisected, type Sql } from '@esteira/postgres';
import type { Task } from '../message.ts';

/*
 * The transitions of a task while it is done. Each is one statement for a batch, which names the states it expects.
 */

/** `queued → running`, also `running → running` and `dead → running`: the token of each attempt that may be made. */
async function begin(
  sql: Sql,
  beginnings: readonly Beginning<Task>[],
  worker: string,
): Promise<(number | 'taken' | 'unknown')[]> {
  const begun = await sql.query<{ task_id: string; token: number }>(
    `UPDATE tasks
        SET state = 'running', token = tasks.token + 1, holder = $5, round = asked.round, attempt = asked.attempt,
            started_at = now(), ended_at = NULL
       FROM unnest($1::uuid[], $2::int[], $3::int[], $4::boolean[]) AS asked (task_id, round, attempt, redelivered)
      WHERE tasks.task_id = asked.task_id
        AND CASE tasks.state
              -- A copy of an attempt that was made is none; what came back was perhaps not handed over.
              WHEN 'queued' THEN asked.round = tasks.round
                AND (asked.attempt > tasks.attempt OR asked.redelivered AND asked.attempt = tasks.attempt)
              -- Whoever had it gave it back or lost its connection.
              WHEN 'running' THEN asked.redelivered AND asked.round = tasks.round AND asked.attempt >= tasks.attempt
              -- It was redriven.
              WHEN 'dead' THEN asked.round > tasks.round
              ELSE false
            END
      RETURNING tasks.task_id, tasks.token`,
    [
      beginnings.map(({ message }) => message.taskId),
      beginnings.map(({ attempt }) => attempt.round),
      beginnings.map(({ attempt }) => attempt.attempt),
      beginnings.map(({ redelivered }) => redelivered),
      worker,
    ],
  );
  const tokens = new Map(begun.map(({ task_id, token }) => [task_id, token]));
  const others = beginnings.map(({ message }) => message.taskId).filter((id) => !tokens.has(id));
  const known = await knownOf(sql, others);
  return beginnings.map(({ message: { taskId } }) => tokens.get(taskId) ?? (known.has(taskId) ? 'taken' : 'unknown'));
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
    `UPDATE tasks
        SET state = CASE WHEN failed.dead THEN 'dead' ELSE 'queued' END, error = failed.error, result = NULL,
            run_at = coalesce(failed.due_at, tasks.run_at), ended_at = CASE WHEN failed.dead THEN now() END
       FROM jsonb_to_recordset($1::jsonb)
              AS failed (task_id uuid, round int, token int, dead boolean, due_at timestamptz, error jsonb)
      WHERE tasks.task_id = failed.task_id AND tasks.round = failed.round
        AND CASE WHEN failed.token IS NULL THEN tasks.state IN ('queued', 'running')
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
  return { task_id: message.taskId, round: attempt.round, token, dead: decision.kind === 'dead-letter', ...due, error };
}

/** `running → succeeded`, by compare-and-set on the token: of a task that changed hands nothing is stored. */
export function succeed(sql: Sql, successes: readonly Success<Task>[]): Promise<Bisected<StoreAnswer>[]> {
  return bisect(sql, successes, async (some) => {
    const stored = await sql.query<{ task_id: string }>(
      `UPDATE tasks
          SET state = 'succeeded', result = done.result, error = NULL, ended_at = now()
         FROM jsonb_to_recordset($1::jsonb) AS done (task_id uuid, token int, result jsonb)
        WHERE tasks.task_id = done.task_id AND tasks.token = done.token AND tasks.state = 'running'
        RETURNING tasks.task_id`,
      [JSON.stringify(some.map(({ message, token, result }) => ({ task_id: message.taskId, token, result })))],
    );
    const done = new Set(stored.map(({ task_id }) => task_id));
    return some.map(({ message }) => (done.has(message.taskId) ? 'inserted' : 'late'));
  });
}

/** Who may attempt a task, and what became of attempts that did not succeed. */
export const taskStates: MessageStates<Task> = { begin, fail };
