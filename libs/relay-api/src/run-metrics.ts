import { within } from '@esteira/http';
import { Gauge } from '@esteira/observability';
import { rowsBehind } from '@esteira/postgres-source';
import { CURSOR_STATUSES, positionOf } from '@esteira/relay';
import type { RelayApi } from './api.ts';

/** The longest a scrape waits for a server, in milliseconds. */
const COLLECT_TIMEOUT_MS = 2_000;

/** How many rows behind are counted for a scrape: enough to see that publishing does not keep up. */
const MOST_COUNTED = 10_000;

/** The state of the run and the rows behind the cursor, asked when somebody scrapes. */
export function addRunMetrics(api: RelayApi): void {
  const { metrics, relay, postgres, source, logger } = api;
  const pipeline = api.pipeline.name;
  /** A server that is down leaves its metric out, and the others in. */
  const collected = async (gauge: Gauge, set: () => Promise<void>) => {
    gauge.reset();
    try {
      await within(COLLECT_TIMEOUT_MS, set());
    } catch (error) {
      logger.debug({ err: error }, 'a metric could not be collected');
    }
  };
  new Gauge({
    name: 'esteira_run_state',
    help: '1 for the state the cursor is in.',
    labelNames: ['pipeline', 'state'],
    registers: [metrics],
    async collect() {
      await collected(this, async () => {
        const { cursor } = await relay.status();
        for (const state of CURSOR_STATUSES) this.set({ pipeline, state }, cursor.status === state ? 1 : 0);
      });
    },
  });
  const countBehind = oneAtATime(async () => {
    const { cursor } = await relay.status();
    return (await rowsBehind(postgres, source, positionOf(cursor), MOST_COUNTED)).rows;
  });
  new Gauge({
    name: 'esteira_rows_behind',
    help: `Rows after the cursor, counted up to ${MOST_COUNTED}.`,
    labelNames: ['pipeline'],
    registers: [metrics],
    async collect() {
      await collected(this, async () => {
        this.set({ pipeline }, await countBehind());
      });
    },
  });
}

/** Work that a scrape no longer waits for goes on: who asks meanwhile waits for the same, instead of starting more. */
function oneAtATime<T>(work: () => Promise<T>): () => Promise<T> {
  let current: Promise<T> | undefined;
  return () => (current ??= work().finally(() => (current = undefined)));
}
