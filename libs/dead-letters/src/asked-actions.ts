import type { Sql } from '@esteira/postgres';
import type { NewAction } from './actions.ts';

/** What a person is about to ask a system for. */
export interface AnnouncedAction extends Pick<NewAction, 'pipeline' | 'by' | 'action' | 'details'> {
  /** A UUID that goes with the request: whoever knows it may report the action, once. */
  readonly request: string;
}

/** What a system says that it did. */
export interface ReportedAction {
  /** A UUID: of several copies one counts. */
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  /** Who asked the system, as far as the system knows. */
  readonly by: string;
  readonly action: string;
  readonly request?: string;
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** Writes down what is asked for, before it is: it is no part of the history until it is done. */
export async function announceAction(sql: Sql, announced: AnnouncedAction): Promise<void> {
  const { pipeline, by, action, details, request } = announced;
  await sql.query(
    `INSERT INTO operator_actions (pipeline, by, action, details, request, announced)
     VALUES ($1, $2, $3, $4::jsonb, $5::uuid, true)`,
    [pipeline, by, action, JSON.stringify(details ?? {}), request],
  );
}

/** It was done, whoever says so first. */
export async function confirmAction(sql: Sql, request: string): Promise<void> {
  await sql.query('UPDATE operator_actions SET announced = false WHERE request = $1::uuid', [request]);
}

/** It was refused. */
export async function withdrawAction(sql: Sql, request: string): Promise<void> {
  await sql.query('DELETE FROM operator_actions WHERE request = $1::uuid AND announced', [request]);
}

/**
 * Takes what the system `system` reports into the history, each once. What was announced here keeps the name of the
 * person; a request that is not known, or that was reported already, hides nothing.
 */
export async function recordReported(
  sql: Sql,
  { pipeline, system }: { readonly pipeline: string; readonly system: string },
  reported: readonly ReportedAction[],
): Promise<void> {
  await sql.query(
    `WITH reported AS (
       SELECT * FROM jsonb_to_recordset($3::jsonb)
                  AS _(id uuid, at timestamptz, by text, action text, request uuid, details jsonb)
     ), announced AS (
       UPDATE operator_actions AS mine SET reported_as = reported.id, announced = false
         FROM reported
        WHERE mine.request = reported.request AND mine.pipeline = $1 AND mine.details ->> 'system' = $2
          AND mine.action = reported.action AND (mine.reported_as IS NULL OR mine.reported_as = reported.id)
       RETURNING reported.id
     )
     INSERT INTO operator_actions (pipeline, at, by, action, details, reported_as)
     SELECT $1, at, by, action, details || jsonb_build_object('system', $2::text), id
       FROM reported
      WHERE id NOT IN (SELECT id FROM announced)
      ORDER BY at
     ON CONFLICT (reported_as) WHERE reported_as IS NOT NULL DO NOTHING`,
    [pipeline, system, JSON.stringify(reported)],
  );
}
