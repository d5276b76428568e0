import { setTimeout as sleep } from 'node:timers/promises';
import { openPostgres, type Postgres } from '@esteira/postgres';
import type { Arena } from './arena.ts';
import { openFlow } from './flow.ts';
import { waitFigures, type Measurement } from './measured.ts';

const ALONE = 200;
const LOAD_SECONDS = 15;
const EVERY_MS = 10;
/** How often the endput is asked what has come, in milliseconds: the figures are late by up to this. */
const LOOK_EVERY_MS = 2;

/**
 * How long an order takes from its commit in the source until it can be read in the endput, in follow mode with the
 * settings as they are by default (FOLLOW_POLL_MS is 100).
 *
 * One at a time: the next is inserted when the last one has been seen. At half rate: as many orders a second as half of
 * what the pipeline was measured to do, in an insert every 10 ms, of which the last order is watched.
 */
export async function measureLatency(arena: Arena, rate: number): Promise<Measurement[]> {
  const flow = await openFlow(arena, { env: { MAX_ATTEMPTS: '1' } });
  const { systems, ENDPUT_DATABASE_URL } = flow.settings;
  const source = openPostgres({ url: systems[0]?.databaseUrl ?? '', applicationName: 'bench', max: 4 });
  const endput = openPostgres({ url: ENDPUT_DATABASE_URL, applicationName: 'bench', max: 1 });
  try {
    await flow.publish({ follow: true });
    const watch = watchEndput(endput);
    await oneAtATime(source, watch, 20);
    const alone = await oneAtATime(source, watch, ALONE);
    const perInsert = Math.max(1, Math.round((rate / 2) * (EVERY_MS / 1_000)));
    const loaded = await underLoad(source, watch, perInsert);
    watch.stop();
    return [measurement('one at a time', alone, 0), measurement('half rate', loaded, perInsert * (1_000 / EVERY_MS))];
  } finally {
    await Promise.all([source.close(), endput.close()]);
    await flow.close();
  }
}

function measurement(variant: string, latencies: readonly number[], rate: number): Measurement {
  const figures = waitFigures(latencies, 50, 99);
  return { bench: 'latency', variant, figures: rate === 0 ? figures : { ...figures, 'inserted/s': rate } };
}

/** Commits so many orders in one transaction; resolves with the last one's id, when it is committed. */
async function insert(source: Postgres, count: number): Promise<string> {
  const rows = await source.query<{ id: string }>(
    `INSERT INTO orders (product, price, security_check)
     SELECT 'Storage tin, large', 29.33, true FROM generate_series(1, $1) RETURNING id`,
    [count],
  );
  return rows.at(-1)?.id ?? '';
}

async function oneAtATime(source: Postgres, watch: Watch, count: number): Promise<number[]> {
  const latencies: number[] = [];
  for (let done = 0; done < count; done += 1) {
    const id = await insert(source, 1);
    latencies.push(await watch.seen(id));
    // Not in step with the polling.
    await sleep(Math.random() * 50);
  }
  return latencies;
}

async function underLoad(source: Postgres, watch: Watch, perInsert: number): Promise<number[]> {
  const started = performance.now();
  const seen: Promise<number>[] = [];
  for (let turn = 0; turn < (LOAD_SECONDS * 1_000) / EVERY_MS; turn += 1) {
    await sleep(Math.max(0, started + turn * EVERY_MS - performance.now()));
    seen.push(insert(source, perInsert).then((id) => watch.seen(id)));
  }
  const warm = seen.length / 5;
  return (await Promise.all(seen)).slice(warm);
}

interface Watch {
  /** Resolves with the milliseconds from now until a row of the source can be read in the endput. */
  seen(id: string): Promise<number>;
  stop(): void;
}

function watchEndput(endput: Postgres): Watch {
  const waiting = new Map<string, (at: number) => void>();
  const stopping = new AbortController();
  const look = async () => {
    while (!stopping.signal.aborted) {
      const rows = await endput.query<{ source_id: string }>(
        "SELECT source_id FROM orders WHERE system = 'system-1' AND source_id = ANY($1::bigint[])",
        [[...waiting.keys()]],
      );
      const at = performance.now();
      for (const { source_id } of rows) {
        waiting.get(source_id)?.(at);
        waiting.delete(source_id);
      }
      await sleep(LOOK_EVERY_MS);
    }
  };
  void look();
  return {
    seen: async (id) => {
      const committed = performance.now();
      const { promise, resolve } = Promise.withResolvers<number>();
      waiting.set(id, resolve);
      return (await promise) - committed;
    },
    stop: () => {
      stopping.abort();
    },
  };
}
