import { within } from '@esteira/http';
import type { Postgres } from '@esteira/postgres';
import type { Overview, Point } from './schema.ts';

/** Seconds between two points of the charts. */
export const EVERY_SECONDS = 5;
/** What the charts show, in seconds. */
const KEPT_SECONDS = 900;

/** How long the stored points are waited for by who asks for them, in milliseconds. */
const READ_MS = 2_000;

/** Where the points outlive the console. */
export interface SeriesStore {
  load(): Promise<Point[]>;
  add(points: readonly Point[]): Promise<void>;
}

/** The last 15 minutes, oldest first. What can't be stored now is shown all the same, and stored when it can. */
export class Series {
  readonly #store: SeriesStore;
  #points: readonly Point[] = [];
  /** Not stored yet. */
  #waiting: readonly Point[] = [];
  #loaded: Promise<void> | undefined;

  constructor(store: SeriesStore) {
    this.#store = store;
  }

  /** The points; what an earlier console has stored too, where it can be read in time. */
  async read(): Promise<readonly Point[]> {
    // Else it is asked for again with the next point.
    await within(READ_MS, this.#load()).catch(() => undefined);
    return this.#points;
  }

  /** Adds a point. The first time, what an earlier console has stored is taken up. Rejects where it can't be stored. */
  async add(point: Point): Promise<void> {
    this.#points = kept([...this.#points, point]);
    this.#waiting = kept([...this.#waiting, point]);
    await this.#load();
    const some = this.#waiting;
    await this.#store.add(some);
    this.#waiting = this.#waiting.filter((one) => !some.includes(one));
  }

  #load(): Promise<void> {
    return (this.#loaded ??= this.#takeUp());
  }

  async #takeUp(): Promise<void> {
    try {
      const stored = await this.#store.load();
      const [first] = this.#points;
      this.#points = kept([...stored.filter(({ at }) => first === undefined || at < first.at), ...this.#points]);
    } catch (error) {
      this.#loaded = undefined;
      throw error;
    }
  }
}

function kept(points: readonly Point[]): readonly Point[] {
  const newest = Date.parse(points.at(-1)?.at ?? '');
  return points.filter(({ at }) => Date.parse(at) > newest - KEPT_SECONDS * 1_000);
}

/** What of an overview the charts remember. */
export function pointOf(overview: Overview): Point {
  const { queues, dead_letters: deadLetters, row_to_rest: rest } = overview;
  const known = queues.as_of !== null && queues.error === null;
  const sum = (counts: readonly number[]) => counts.reduce((all, one) => all + one, 0);
  return {
    pipeline: overview.pipeline,
    at: overview.at,
    systems: Object.fromEntries(
      overview.systems.map(({ name, behind, error, published_per_second }) => [
        name,
        { behind: error === null ? (behind?.rows ?? null) : null, published_per_second },
      ]),
    ),
    attempts: overview.attempts.per_second,
    ready: known ? sum(queues.lanes.map(({ ready }) => ready)) : null,
    waiting: known ? sum(queues.waiting.map(({ messages }) => messages)) : null,
    dead_letters: deadLetters.error === null ? deadLetters.open : null,
    p50_ms: rest.p50_ms,
    p99_ms: rest.p99_ms,
    consumers_up: overview.consumers.filter(({ state }) => state !== 'down' && state !== 'not-ready').length,
  };
}

/** The points of a pipeline, in a table of the endput. */
export function storedSeries(endput: Postgres, pipeline: string): SeriesStore {
  return {
    load: async () => {
      const rows = await endput.query<{ point: Omit<Point, 'pipeline'> }>(
        `SELECT point FROM console_series
          WHERE pipeline = $1 AND at > now() - make_interval(secs => $2) ORDER BY at`,
        [pipeline, KEPT_SECONDS],
      );
      // Those of before it had a name of its own do not say of which pipeline they are.
      return rows.map(({ point }) => ({ ...point, pipeline }));
    },
    add: async (points) => {
      await endput.query(
        `WITH old AS (DELETE FROM console_series WHERE at <= now() - make_interval(secs => $2))
         INSERT INTO console_series (pipeline, at, point)
         SELECT $3, (point ->> 'at')::timestamptz, point FROM jsonb_array_elements($1::jsonb) AS point
         ON CONFLICT DO NOTHING`,
        [JSON.stringify(points), KEPT_SECONDS, pipeline],
      );
    },
  };
}
