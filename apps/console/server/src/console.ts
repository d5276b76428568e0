import type { AttemptLog } from '@esteira/attempt-log';
import type { Redrivable } from '@esteira/dead-letters';
import type { Access, Check } from '@esteira/http';
import type { Logger, Metrics } from '@esteira/observability';
import type { Postgres } from '@esteira/postgres';
import type { Collecting } from './collecting.ts';
import type { SystemConnections } from './connections.ts';
import type { Reconciling } from './reconciling.ts';
import type { Board } from './overview/board.ts';

/** A source system, as the routes reach it. */
export type ConsoleSystem = Omit<SystemConnections, 'cursor' | 'actions'>;

/** What the console works with. */
export interface Console {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The names it may be asked under. */
  readonly allowedHosts: string;
  /** The proxies that say for whom they ask. */
  readonly trustedProxies: string;
  /** Who may use it. */
  readonly access: Access;
  /** The directory of the built page; absent before it is built. */
  readonly page?: string;
  readonly systems: readonly ConsoleSystem[];
  readonly attemptLog: Pick<AttemptLog, 'search' | 'ofMessages'>;
  /** Stored orders, dead letters, and the console's own notes. */
  readonly endput: Postgres;
  /** How dead letters of the orders pipeline are read and sent again. */
  readonly redrivable: Redrivable;
  /** How often a message is attempted where nothing else is said, and how long it waits before each attempt. */
  readonly retries: { readonly maxAttempts: number; readonly waitsMs: readonly number[] };
  readonly reconciling: Reconciling;
  /** Brings what was done through the APIs into the history. */
  readonly collecting: Pick<Collecting, 'collect'>;
  /** Rejects until the console's tables are there. */
  readonly tablesReady: Check;
  /** The overview; it is not started before it is asked for. */
  readonly board: () => Board;
}
