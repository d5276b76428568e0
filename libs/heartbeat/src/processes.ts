/** What a process says of itself. */
export interface ProcessState {
  /** Why it can't do its work right now; null where it can. */
  readonly why: string | null;
  /** What it has done since it started, counted by what came of it. */
  readonly counts: Readonly<Record<string, number>>;
  /** Whose lease it holds, as it was named when it was taken: the id of a run. Absent where it holds none. */
  readonly holds?: string;
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

/** What is known of a process without the store. */
export interface DeclaredProcess {
  /** The name of its service, with which its worker's name begins: `consumer-1` of `consumer-1@host`. */
  readonly name: string;
  readonly answers: boolean;
  /** The port it has on this host, where processes of one service are told apart by it: `api-things@host:8001`. */
  readonly port?: number;
}

/**
 * The process that each declared one is, among those that are known. It is the one of this host, or else, where it
 * answers (in a container its host has another name), one of its name. Pure.
 */
export function thoseDeclared(
  known: readonly KnownProcess[],
  declared: readonly DeclaredProcess[],
  host: string,
): ReadonlyMap<string, KnownProcess> {
  const found = new Map<string, KnownProcess>();
  for (const { name, answers, port } of declared) {
    const named = known.filter(({ worker }) => worker.startsWith(`${name}@`));
    const here = named.find(({ worker, host: other }) =>
      port === undefined ? other === host : worker === `${name}@${host}:${port}`,
    );
    const it = here ?? (answers ? named.find((one) => port === undefined || one.host !== host) : undefined);
    if (it !== undefined) found.set(name, it);
  }
  return found;
}

/** The processes that were started elsewhere: those left when each declared one has been found among them. Pure. */
export function startedElsewhere(
  known: readonly KnownProcess[],
  declared: readonly DeclaredProcess[],
  host: string,
): KnownProcess[] {
  const found = new Set(thoseDeclared(known, declared, host).values());
  return known.filter((one) => !found.has(one));
}
