import { jsonAnswer } from '@esteira/http/json-answer';
import type { AppClient } from '../clients.ts';
import type { Overview } from './schema.ts';

type SystemView = Overview['systems'][number];
export type SystemStatus = Pick<SystemView, 'cursor' | 'run' | 'notice' | 'behind' | 'watermark' | 'source_error'>;

/** The status of an orders API, as far as it is shown: members that it leaves out are null here. */
interface ApiStatus {
  readonly cursor: Pick<NonNullable<SystemView['cursor']>, 'status' | 'interrupted' | 'published_count'> & {
    readonly follow?: boolean;
    readonly last_transaction_id?: string;
    readonly last_id?: string;
    readonly started_at?: string;
    readonly error?: { readonly code: string; readonly message: string };
  };
  readonly run: (Pick<NonNullable<SystemView['run']>, 'run_id' | 'phase'> & { readonly waiting_for?: string }) | null;
  readonly notice?: string;
  readonly behind: SystemView['behind'];
  readonly watermark: { readonly lag_seconds: number; readonly held_by: Partial<Holder> | null } | null;
  readonly source_error?: string;
}
type Holder = NonNullable<NonNullable<SystemView['watermark']>['held_by']>;

/** Asks an API whether it answers, whatever else is down. */
export async function askLive(api: AppClient): Promise<void> {
  const response = await api.get('/health/live');
  await response.text();
  if (!response.ok) throw new Error(`/health/live answered ${response.status}`);
}

/** Asks the API of a system where it stands. */
export async function askSystem(api: AppClient): Promise<SystemStatus> {
  const response = await api.get('/v0/process/status');
  const body = await jsonAnswer<ApiStatus & { detail?: string }>(response, 'The API');
  if (!response.ok) throw new Error(body.detail ?? `The API answered ${response.status}`);
  const { cursor, run, watermark } = body;
  return {
    cursor: {
      status: cursor.status,
      interrupted: cursor.interrupted,
      follow: cursor.follow ?? false,
      published_count: cursor.published_count,
      last_transaction_id: cursor.last_transaction_id ?? null,
      last_id: cursor.last_id ?? null,
      started_at: cursor.started_at ?? null,
      error: cursor.error ?? null,
    },
    run: run && { run_id: run.run_id, phase: run.phase, waiting_for: run.waiting_for ?? null },
    notice: body.notice ?? null,
    behind: body.behind,
    watermark: watermark && {
      lag_seconds: watermark.lag_seconds,
      held_by: watermark.held_by && holder(watermark.held_by),
    },
    source_error: body.source_error ?? null,
  };
}

function holder({ kind = 'backend', pid, application, gid, database, age_seconds: age }: Partial<Holder>): Holder {
  return {
    kind,
    pid: pid ?? null,
    application: application ?? null,
    gid: gid ?? null,
    database: database ?? null,
    age_seconds: age ?? null,
  };
}
