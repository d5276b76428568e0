import type { Check, Key } from '@esteira/http';
import type { Broker } from '@esteira/messaging';
import type { Logger, Metrics } from '@esteira/observability';
import type { Pipeline } from '@esteira/pipeline';
import type { Postgres } from '@esteira/postgres';
import type { SourceTable } from '@esteira/postgres-source';
import type { Relay } from '@esteira/relay';
import type { Actions } from './actions.ts';

/** What the API of one system works with. */
export interface RelayApi {
  readonly pipeline: Pipeline;
  readonly system: string;
  /** The address it will listen on. */
  readonly allowedHosts: string;
  /** The proxies that say for whom they ask. */
  readonly trustedProxies: string;
  /** Who may use it; none: whoever is on this machine. */
  readonly keys: readonly Key[];
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The system's operational database. */
  readonly postgres: Postgres;
  /** The table of it that is published. */
  readonly source: SourceTable;
  readonly relay: Relay;
  /** Where it is written down what was asked of it, for the history. */
  readonly actions: Pick<Actions, 'done'>;
  /** Rejects when messages can't be published. */
  readonly brokerReady: Check;
  /** The connection that messages are published on. */
  readonly broker: Pick<Broker, 'connected' | 'blocked'>;
  /** How often a message of a run may be attempted where the request does not say: as its pipeline's first lane has it. */
  readonly maxAttempts: number;
  /** Fires when the API is being stopped: long requests end at the next border between two transactions. */
  readonly stopping: AbortSignal;
}
