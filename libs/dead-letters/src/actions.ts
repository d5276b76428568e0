import { ISO_TIME, pageOf, readCursor, writeCursor, type Page } from '@esteira/pipeline';
import { isoTime, type Sql } from '@esteira/postgres';
import { MOST_ITEMS } from './page.ts';

/** What a person did, or a job by itself (`by` is `esteira` then). */
export interface NewAction {
  readonly pipeline: string;
  /** The name of the person's key. */
  readonly by: string;
  /** Short and stable, for example `edit`, `job-started`, `job-stopped-itself`. */
  readonly action: string;
  readonly why?: string | null;
  /** The id of the job it concerns. */
  readonly job?: string;
  readonly messageId?: string;
  /** Numbers and names that say more. */
  readonly details?: Readonly<Record<string, string | number | boolean | null>>;
}

/** An action as it is remembered. `at` is ISO 8601. */
export interface OperatorAction {
  readonly id: string;
  readonly at: string;
  readonly by: string;
  readonly action: string;
  readonly why: string | null;
  readonly job: string | null;
  readonly messageId: string | null;
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
}

/** Whose actions are listed, newest first; `limit` 1..500. */
export interface ActionsRequest {
  readonly job?: string;
  readonly messageId?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** Writes an action down; in a transaction, together with its effect. */
export async function recordAction(sql: Sql, action: NewAction): Promise<void> {
  await sql.query(
    `INSERT INTO operator_actions (pipeline, by, action, why, job, message_id, details)
     VALUES ($1, $2, $3, $4, $5::bigint, $6::uuid, $7::jsonb)`,
    [
      action.pipeline,
      action.by,
      action.action,
      action.why ?? null,
      action.job ?? null,
      action.messageId ?? null,
      JSON.stringify(action.details ?? {}),
    ],
  );
}

/** A page of what was done, newest first. @throws ForeignCursor when the cursor is none. */
export async function listActions(
  sql: Sql,
  pipeline: string,
  { job, messageId, limit, cursor }: ActionsRequest,
): Promise<Page<OperatorAction>> {
  const [at = null, id = null] = cursor === undefined ? [] : readCursor(cursor, [ISO_TIME, /^[1-9]\d{0,17}$/]);
  const most = Math.min(Math.max(1, limit), MOST_ITEMS);
  const actions = await sql.query<OperatorAction>(
    `SELECT id, ${isoTime('at', 'at')}, by, action, why, job, message_id AS "messageId", details
       FROM operator_actions
      WHERE pipeline = $1 AND NOT announced
        AND ($2::bigint IS NULL OR job = $2) AND ($3::uuid IS NULL OR message_id = $3)
        AND ($4::timestamptz IS NULL OR (at, id) < ($4, $5::bigint))
      ORDER BY operator_actions.at DESC, id DESC LIMIT $6`,
    [pipeline, job ?? null, messageId ?? null, at, id, most + 1],
  );
  return pageOf(actions, most, (last) => writeCursor([last.at, last.id]));
}
