import { within } from '@esteira/http';
import { Gauge } from '@esteira/observability';
import { rowsBehind } from '@esteira/orders/source';
import { positionOf } from '@esteira/relay';
import type { OrdersApi } from './api.ts';

/** The longest a scrape waits for a server, in milliseconds. */
const COLLECT_TIMEOUT_MS = 2_000;

const STATUSES = ['IDLE', 'RUNNING', 'FINISHED', 'ERROR'] as const;

/** The state of the run and the rows behind the cursor, asked when somebody scrapes. */
export function addRunMetrics({ metrics, relay, postgres, source, logger }: OrdersApi): void {
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
    labelNames: ['state'],
    registers: [metrics],
    async collect() {
      await collected(this, async () => {
        const { cursor } = await relay.status();
        for (const state of STATUSES) this.set({ state }, cursor.status === state ? 1 : 0);
      });
    },
  });
  new Gauge({
    name: 'esteira_rows_behind',
    help: 'Rows after the cursor, up to 1,000,000.',
    registers: [metrics],
    async collect() {
      await collected(this, async () => {
        const { cursor } = await relay.status();
        this.set((await rowsBehind(postgres, positionOf(cursor), { table: source })).rows);
      });
    },
  });
}
