import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '@esteira/settings';
import { openPostgres } from '@esteira/postgres';
import { MongoClient } from 'mongodb';

/** What the stores of a place hold. */
export interface Counts {
  /** Rows in the endput. */
  readonly stored: number;
  /** Documents in the attempt log. */
  readonly logged: number;
}

/** Reads the stores of a place beside what is measured. */
export interface Books {
  /** Cheap enough to be asked while the clock runs: MongoDB's own count, and a count of one index. */
  counts(): Promise<Counts>;
  /**
   * Resolves when both are reached and `isEmpty` holds, with the time at which it was seen. Asks the more often the
   * nearer the end: about a dozen times in all, every 10 ms in the end. Rejects when nothing moves for a minute.
   */
  until(target: Counts, isEmpty: () => Promise<boolean>): Promise<number>;
  /** Rejects unless there are exactly so many, each counted from what is really there. */
  check(target: Counts): Promise<void>;
  close(): Promise<void>;
}

const SOONEST_MS = 10;
const LATEST_MS = 1_000;
const PATIENCE_MS = 60_000;

/** Opens the books of a place. */
export function openBooks(settings: Settings): Books {
  const endput = openPostgres({ url: settings.ENDPUT_DATABASE_URL, applicationName: 'bench', max: 1 });
  const mongo = new MongoClient(settings.MONGODB_URL);
  const attempts = mongo.db().collection('attempts');
  const stored = async () => {
    const [row] = await endput.query<{ stored: string }>('SELECT count(*) AS stored FROM orders');
    return Number(row?.stored);
  };
  const counts = async () => {
    const [rows, documents] = await Promise.all([stored(), attempts.estimatedDocumentCount()]);
    return { stored: rows, logged: documents };
  };
  return {
    counts,
    until: (target, isEmpty) => untilReached(counts, target, isEmpty),
    check: async (target) => {
      const [row] = await endput.query<{ stored: string; distinct: string }>(
        'SELECT count(*) AS stored, count(DISTINCT source_id) AS distinct FROM orders',
      );
      const documents = await attempts.countDocuments({});
      const found = `${row?.stored ?? 0} stored (${row?.distinct ?? 0} distinct), ${documents} logged`;
      if (
        Number(row?.distinct) !== target.stored ||
        Number(row?.stored) !== target.stored ||
        documents !== target.logged
      )
        throw new Error(`It does not count: ${found}; ${target.stored} stored and ${target.logged} logged were asked.`);
    },
    close: async () => {
      await Promise.all([endput.close(), mongo.close()]);
    },
  };
}

async function untilReached(
  counts: () => Promise<Counts>,
  target: Counts,
  isEmpty: () => Promise<boolean>,
): Promise<number> {
  const first = { at: performance.now(), ...(await counts()) };
  let moved = first;
  for (let pause = 200; ;) {
    await sleep(pause);
    const at = performance.now();
    const now = await counts();
    if (now.stored >= target.stored && now.logged >= target.logged && (await isEmpty())) return at;
    if (now.stored + now.logged > moved.stored + moved.logged) moved = { at, ...now };
    else if (at - moved.at > PATIENCE_MS) throw new Error(`Nothing moves: ${now.stored} stored, ${now.logged} logged.`);
    const perMs = (now.logged - first.logged) / (at - first.at);
    const leftMs = perMs === 0 ? LATEST_MS : (target.logged - now.logged) / perMs;
    pause = Math.min(LATEST_MS, Math.max(SOONEST_MS, leftMs / 2));
  }
}
