import type { JobRunnerOptions } from '@esteira/dead-letters';
import {
  createPublisher,
  laneDepth,
  names,
  unlessHarmful,
  untilPutBack,
  type Broker,
  type Management,
} from '@esteira/messaging';
import type { Postgres } from '@esteira/postgres';
import { ordersPipeline } from '../domain/index.ts';
import { redrivableOrders } from './redrivable.ts';
import { tidyDeadLetterQueue } from './tidy.ts';

/** Where dead letters of the orders pipeline are repaired, and by whom. */
export interface RepairPlaces {
  readonly endput: Postgres;
  readonly broker: Broker;
  readonly management: Management;
  /** The systems that are known. */
  readonly systems: readonly string[];
  readonly maxAttempts: number;
  readonly maxLaneDepth: number;
  /** `LEASE_MS`: how long a process may be silent before another takes its job. */
  readonly leaseMs: number;
  /** Names this process, unlike any other that runs (see `JobRunnerOptions`); goes to the AMQP property `app_id` too. */
  readonly holder: string;
  readonly onFault: (error: unknown) => void;
}

/** What it takes to run redrives and discards of orders: for `runJob` and `startJobRunner`. */
export function orderJobs(places: RepairPlaces): JobRunnerOptions {
  const { endput, broker, management, systems, maxAttempts, maxLaneDepth, leaseMs, holder, onFault } = places;
  const publish = createPublisher(broker, { exchange: names.exchange(ordersPipeline), mandatory: true, appId: holder });
  return {
    sql: endput,
    redrivable: redrivableOrders(systems),
    publish: unlessHarmful(publish, ordersPipeline, management),
    maxAttempts,
    laneDepth: (lane) => laneDepth(broker, ordersPipeline, [lane]),
    maxLaneDepth,
    tidy: async () => {
      await tidyDeadLetterQueue(broker, endput);
    },
    untilPutBack: (over) => untilPutBack(management, names.deadLetterQueue(ordersPipeline), over),
    leaseMs,
    holder,
    onFault,
  };
}
