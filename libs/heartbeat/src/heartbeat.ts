import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Postgres } from '@esteira/postgres';
import { GONE_SECONDS, type ProcessState } from './processes.ts';

/** Which process it is. */
export interface Registered {
  readonly pipeline: string;
  /** For example `consumer`. */
  readonly role: string;
  /** The name that it has in attempts and connections too, for example `consumer-1@host`. */
  readonly worker: string;
}

/** How a heartbeat goes. */
export interface HeartbeatOptions {
  /** What the process says of itself. A rejection is what it can't do its work for. */
  readonly state: () => Promise<ProcessState>;
  /** Hears why the store did not take a beat: once, until one is taken again. */
  readonly onFault: (error: unknown) => void;
  readonly everyMs?: number;
}

/** A registration that is kept up. */
export interface Heartbeat {
  /** Takes the process off the list. Never rejects: what the store did not take is removed by the others. */
  stop(): Promise<void>;
}

/** A process counts as silent after three beats that did not come. */
const EVERY_MS = 5_000;
/** The longest a process waits to be taken off the list when it ends, in milliseconds. */
const GOODBYE_MS = 1_000;

/** Registers this process in the store it works on, at once and then every 5 s, until it is stopped. Costs one row. */
export function startHeartbeat(store: Postgres, registered: Registered, options: HeartbeatOptions): Heartbeat {
  const stopping = new AbortController();
  const beating = beat(store, registered, options, stopping.signal);
  return {
    stop: async () => {
      stopping.abort();
      // A store that hangs keeps nobody from ending.
      await Promise.race([beating.then(() => leave(store, registered)), sleep(GOODBYE_MS, undefined, { ref: false })]);
    },
  };
}

async function beat(
  store: Postgres,
  registered: Registered,
  { state, onFault, everyMs = EVERY_MS }: HeartbeatOptions,
  signal: AbortSignal,
): Promise<void> {
  let startedAt: string | null = null;
  let isTold = false;
  while (!signal.aborted) {
    try {
      startedAt = await register(store, registered, startedAt, await state());
      await forgetGone(store);
      isTold = false;
    } catch (error) {
      if (!isTold) onFault(error);
      isTold = true;
    }
    await sleep(everyMs, undefined, { signal, ref: false }).catch(() => undefined); // Stopped: the loop sees it.
  }
}

/** Resolves with the time at which the process was registered first, as the store's text. */
async function register(
  store: Postgres,
  { pipeline, role, worker }: Registered,
  startedAt: string | null,
  state: ProcessState,
): Promise<string | null> {
  const [row] = await store.query<{ started_at: string }>(
    `INSERT INTO processes (pipeline, role, worker, host, started_at, seen_at, state)
     VALUES ($1, $2, $3, $4, coalesce($5::timestamptz, now()), now(), $6)
     ON CONFLICT (pipeline, role, worker) DO UPDATE
       SET host = excluded.host, started_at = excluded.started_at, seen_at = excluded.seen_at, state = excluded.state
     RETURNING started_at::text AS started_at`,
    [pipeline, role, worker, hostname(), startedAt, JSON.stringify(state)],
  );
  return row?.started_at ?? null;
}

async function leave(store: Postgres, { pipeline, role, worker }: Registered): Promise<void> {
  const which = [pipeline, role, worker];
  await store
    .query('DELETE FROM processes WHERE pipeline = $1 AND role = $2 AND worker = $3', which)
    .catch(() => undefined); // The others forget it soon.
}

async function forgetGone(store: Postgres): Promise<void> {
  await store.query(`DELETE FROM processes WHERE seen_at < now() - $1 * interval '1 second'`, [GONE_SECONDS]);
}
