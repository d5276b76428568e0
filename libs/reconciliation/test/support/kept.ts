import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import { freshDatabase } from '@esteira/tests/support';
import {
  reconciliationMigrations,
  startReconciliation,
  type KeepOptions,
  type SourceRow,
  type StoredRow,
  type SystemReaders,
} from '../../src/index.ts';

export const PIPELINE = 'orders';
export const FIELDS = ['product', 'price'];

/** An endput that keeps reconciliations. */
export interface KeptEndput {
  readonly endput: Postgres;
  /** Nothing is in it any more. */
  empty(): Promise<void>;
  /** So long that whoever reconciles has been silent for too long. */
  readonly silence: () => Promise<void>;
  /** What it takes to reconcile systems and keep the result. */
  readonly options: (systems: readonly SystemReaders[], more?: Partial<KeepOptions>) => KeepOptions;
  /** Runs one to its end. */
  readonly kept: (systems: readonly SystemReaders[]) => Promise<string>;
  close(): Promise<void>;
}

export async function openKept(): Promise<KeptEndput> {
  const fresh = await freshDatabase('ENDPUT_DATABASE_URL');
  await migrate(fresh.url, reconciliationMigrations);
  const endput = openPostgres({ url: fresh.url, applicationName: 'test' });
  const options: KeptEndput['options'] = (systems, more = {}) => ({
    endput,
    pipeline: PIPELINE,
    by: 'ana',
    what: {
      ...{ systems, longestWaitMs: 0, maxAttempts: 5 },
      inFlight: () => Promise.resolve({ queued: 0, waiting: 0 }),
      pause: () => Promise.resolve(),
    },
    ...more,
  });
  return {
    endput,
    options,
    empty: async () => {
      await endput.query('TRUNCATE reconciliations, reconciliation_leases, reconciliation_days, reconciliation_rows');
    },
    silence: async () => {
      await endput.query(`UPDATE reconciliations SET beat_at = now() - interval '1 min'`);
      await endput.query(
        `UPDATE reconciliation_leases SET lease_until = now() - interval '30 s' WHERE holder IS NOT NULL`,
      );
    },
    kept: async (systems) => {
      const started = await startReconciliation(options(systems));
      if (started.kind !== 'claimed') throw new Error(started.kind);
      await started.done;
      return started.id;
    },
    close: async () => {
      await endput.close();
      await fresh.drop();
    },
  };
}

const DAYS = ['1997-01-01', '1997-01-02'];
const dayOfId = (id: number) => DAYS[id % 2] ?? null;

/** Rows 1..n of a source, of which 3, 6, 9 … are lost and 5 is stored with another content; 100 is an orphan. */
export function system(name: string, n: number, hold: Promise<void> = Promise.resolve()): SystemReaders {
  const source = Array.from({ length: n }, (_, i): SourceRow => ({
    id: String(i + 1),
    transactionId: '5',
    content: 'a',
    day: dayOfId(i + 1),
  }));
  const stored = [...source.map(({ id }) => Number(id)).filter((id) => id % 3 !== 0), 100].map((id): StoredRow => ({
    id: String(id),
    content: id === 5 ? 'b, "c"' : 'a',
    day: dayOfId(id),
    attempts: 1,
  }));
  const page =
    <R extends { id: string }>(rows: readonly R[]) =>
    async (after: string | undefined, limit: number) => {
      await hold;
      return rows.filter(({ id }) => after === undefined || Number(id) > Number(after)).slice(0, limit);
    };
  const some = <R extends { id: string }>(rows: readonly R[], ids: readonly string[]) =>
    rows.filter(({ id }) => ids.includes(id));
  return {
    system: name,
    source: {
      page: page(source),
      rows: (ids) => Promise.resolve(some(source, ids)),
      estimate: () => Promise.resolve(n),
    },
    endput: {
      stored: page(stored),
      deadLetters: () => Promise.resolve([]),
      rows: (ids) => Promise.resolve({ stored: some(stored, ids), deadLetters: [] }),
    },
    cursor: () => Promise.resolve({ transactionId: '9', id: '0' }),
  };
}
