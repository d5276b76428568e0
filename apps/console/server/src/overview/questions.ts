import type { Check } from '@esteira/http';
import type { KnownProcess } from '@esteira/heartbeat';
import type { AppClient } from '../clients.ts';
import type { ApiProcess } from './api-processes.ts';
import { askConsumer, type ConsumerReport } from './consumer-metrics.ts';
import type { QueueDepths } from './queues.ts';
import { Sampled } from './sampled.ts';
import type { Overview } from './schema.ts';
import { askLive, askSystem, type SystemStatus } from './system-status.ts';

type Role = Overview['servers'][number]['role'];

/** How long messages took lately, from where they come from to their rest. */
export interface RowToRest {
  /** Milliseconds; null where no message came to rest lately. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** How many messages this is taken from. */
  readonly messages: number;
}

/** What the overview of a pipeline is made of: a question to each server and app. */
export interface Sources {
  /** Its name. */
  readonly pipeline: string;
  /** Where its messages come from, with the API that publishes them; none where it is published to otherwise. */
  readonly systems: readonly { readonly name: string; readonly api: AppClient }[];
  /** Those that the settings name. */
  readonly consumers: readonly AppClient[];
  /** All that are registered, wherever they were started. */
  readonly processes: () => Promise<readonly KnownProcess[]>;
  /** The APIs among them. */
  readonly apis: () => Promise<readonly ApiProcess[]>;
  /** Each rejects while the server can't be used; by the names of the catalogue. */
  readonly servers: readonly { readonly name: string; readonly role: Role; readonly check: Check }[];
  readonly queues: () => Promise<QueueDepths>;
  readonly openDeadLetters: () => Promise<number>;
  readonly rowToRest: () => Promise<RowToRest>;
}

/** The last answers. Each fails alone. */
export interface Answers {
  readonly pipeline: string;
  readonly systems: readonly {
    readonly name: string;
    readonly api: string;
    readonly status: Sampled<SystemStatus>;
    /** Whether the API answers at all: what it can say depends on servers of its own. */
    readonly live: Sampled<void>;
  }[];
  readonly consumers: readonly { readonly name: string; readonly report: Sampled<ConsumerReport> }[];
  readonly processes: Sampled<readonly KnownProcess[]>;
  readonly apis: Sampled<readonly ApiProcess[]>;
  readonly servers: readonly { readonly name: string; readonly role: Role; readonly check: Sampled<unknown> }[];
  readonly queues: Sampled<QueueDepths>;
  readonly openDeadLetters: Sampled<number>;
  readonly rowToRest: Sampled<RowToRest>;
}

/** Questions without answers yet. */
export function questions(sources: Sources): Answers {
  return {
    pipeline: sources.pipeline,
    systems: sources.systems.map(({ name, api }) => ({
      name,
      api: api.name,
      status: new Sampled(() => askSystem(api)),
      live: new Sampled(() => askLive(api)),
    })),
    consumers: sources.consumers.map((consumer) => ({
      name: consumer.name,
      report: new Sampled(() => askConsumer(consumer)),
    })),
    processes: new Sampled(sources.processes),
    apis: new Sampled(sources.apis),
    servers: sources.servers.map(({ name, role, check }) => ({ name, role, check: new Sampled(check) })),
    queues: new Sampled(sources.queues),
    openDeadLetters: new Sampled(sources.openDeadLetters),
    rowToRest: new Sampled(sources.rowToRest),
  };
}

/**
 * Asks everything that is due, all at once. Resolves when all have answered, or not in time.
 *
 * @param longestPauseMs how long what is slow may be left alone; as long as it costs where it is undefined
 */
export async function refresh(answers: Answers, longestPauseMs?: number): Promise<void> {
  const again = (sampled: Sampled<unknown>) => sampled.refresh(longestPauseMs);
  await Promise.all([
    ...answers.systems.flatMap(({ status, live }) => [again(status), again(live)]),
    ...answers.consumers.map(({ report }) => again(report)),
    again(answers.processes),
    again(answers.apis),
    ...answers.servers.map(({ check }) => again(check)),
    again(answers.queues),
    again(answers.openDeadLetters),
    again(answers.rowToRest),
  ]);
}
