import { isoTime, type Postgres } from '@esteira/postgres';

/** What a process says of itself. */
export interface ProcessState {
  /** Why it can't do its work right now; null where it can. */
  readonly why: string | null;
  /** What it has done since it started, counted by what came of it. */
  readonly counts: Readonly<Record<string, number>>;
}

/** A process that works on a store, as it was heard last. */
export interface KnownProcess {
  readonly pipeline: string;
  readonly role: string;
  readonly worker: string;
  readonly host: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** ISO 8601. */
  readonly seenAt: string;
  /** Whether it should have been heard since: it died, hangs, or can't reach the store. */
  readonly isSilent: boolean;
  readonly state: ProcessState;
}

/** After so many seconds without a beat a process counts as silent; after so many it is forgotten. */
const SILENT_SECONDS = 15;
export const GONE_SECONDS = 60;

/** The processes of a pipeline that are registered in this store, wherever they were started. */
export function knownProcesses(store: Postgres, pipeline: string): Promise<KnownProcess[]> {
  return store.query<KnownProcess>(
    `SELECT pipeline, role, worker, host, state, ${isoTime('started_at', 'startedAt')}, ${isoTime('seen_at', 'seenAt')},
            seen_at < now() - $2 * interval '1 second' AS "isSilent"
       FROM processes
      WHERE pipeline = $1 AND seen_at >= now() - $3 * interval '1 second'
      ORDER BY role, worker`,
    [pipeline, SILENT_SECONDS, GONE_SECONDS],
  );
}

/** What is known of a process without the store. */
export interface DeclaredProcess {
  /** The name of its service, with which its worker's name begins: `consumer-1` of `consumer-1@host`. */
  readonly name: string;
  readonly answers: boolean;
}

/**
 * The processes that were started elsewhere: those left when each declared one has been found among them. That is the
 * one of this host, or else, where it answers (in a container its host has another name), one of its name. Pure.
 */
export function startedElsewhere(
  known: readonly KnownProcess[],
  declared: readonly DeclaredProcess[],
  host: string,
): KnownProcess[] {
  const found = new Set<KnownProcess>();
  for (const { name, answers } of declared) {
    const named = known.filter(({ worker }) => worker.startsWith(`${name}@`));
    const it = named.find((one) => one.host === host) ?? (answers ? named[0] : undefined);
    if (it !== undefined) found.add(it);
  }
  return known.filter((one) => !found.has(one));
}
