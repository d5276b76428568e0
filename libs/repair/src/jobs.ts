import type { JobRunnerOptions, Redrivable } from '@esteira/dead-letters';
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
import { tidyDeadLetterQueue } from './tidy.ts';

/** Where dead letters of a pipeline are repaired, and by whom. */
export interface RepairPlaces {
  readonly endput: Postgres;
  readonly broker: Broker;
  readonly management: Management;
  readonly maxAttempts: number;
  readonly maxLaneDepth: number;
  /** `LEASE_MS`: how long a process may be silent before another takes its job. */
  readonly leaseMs: number;
  /** Names this process, unlike any other that runs (see `JobRunnerOptions`); goes to the AMQP property `app_id` too. */
  readonly holder: string;
  readonly onFault: (error: unknown) => void;
}

/** What it takes to run redrives and discards of a pipeline on RabbitMQ: for `runJob` and `startJobRunner`. */
export function repairJobs(redrivable: Redrivable, places: RepairPlaces): JobRunnerOptions {
  const { pipeline } = redrivable;
  const { endput, broker, management, maxAttempts, maxLaneDepth, leaseMs, holder, onFault } = places;
  const publish = createPublisher(broker, { exchange: names.exchange(pipeline), mandatory: true, appId: holder });
  return {
    sql: endput,
    redrivable,
    publish: unlessHarmful(publish, pipeline, management),
    maxAttempts,
    laneDepth: (lane) => laneDepth(broker, pipeline, [lane]),
    maxLaneDepth,
    tidy: async () => {
      await tidyDeadLetterQueue(pipeline, broker, endput);
    },
    untilPutBack: (over) => untilPutBack(broker, management, names.deadLetterQueue(pipeline), over),
    leaseMs,
    holder,
    onFault,
  };
}
