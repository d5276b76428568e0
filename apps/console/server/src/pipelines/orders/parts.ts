import type { AttemptLog } from '@esteira/attempt-log';
import type { Logger } from '@esteira/observability';
import type { Postgres } from '@esteira/postgres';
import type { SystemConnections } from './connections.ts';
import type { Reconciling } from './reconciling.ts';

/** A source system, as the routes reach it. */
export type ConsoleSystem = Omit<SystemConnections, 'cursor' | 'actions'>;

/** What the routes of orders work with. */
export interface OrdersParts {
  readonly logger: Logger;
  readonly systems: readonly ConsoleSystem[];
  readonly attemptLog: Pick<AttemptLog, 'search' | 'ofMessages'>;
  /** Stored orders, dead letters, and what was reconciled. */
  readonly endput: Postgres;
  readonly reconciling: Reconciling;
}
