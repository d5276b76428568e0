import type { Access, Check } from '@esteira/http';
import type { Logger, Metrics } from '@esteira/observability';
import type { ConsolePipeline } from './pipelines/pipeline.ts';

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
  /** Those that run, the one that is shown first in front. */
  readonly pipelines: readonly ConsolePipeline[];
  /** Rejects until the console's tables are there. */
  readonly tablesReady: Check;
}
