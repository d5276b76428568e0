import { recordReported } from '@esteira/dead-letters';
import type { Logger } from '@esteira/observability';
import { ordersPipeline } from '@esteira/orders/domain';
import type { Sql } from '@esteira/postgres';
import { repeatedly } from '@esteira/lease';
import type { ActionLog } from '@esteira/relay';
import { explained } from '../../explained.ts';

/** Brings what was done through the APIs into the history. */
export interface Collecting {
  /** All of it, as of now. Rejects when Redis or the endput can't be asked. */
  collect(): Promise<void>;
  stop(): Promise<void>;
}

interface CollectingOptions {
  readonly systems: readonly { readonly name: string; readonly actions: ActionLog }[];
  readonly endput: Sql;
  readonly logger: Logger;
  /** Resolves when the tables are there. */
  readonly tables: Promise<void>;
}

const EVERY_MS = 5_000;
/** Actions of one transaction. */
const BATCH = 500;

/**
 * Begins to collect. An action is removed where it comes from once it is kept, and is kept once however often it is
 * taken: consoles may end in between, and several may collect.
 */
export function startCollecting({ systems, endput, logger, tables }: CollectingOptions): Collecting {
  const collect = async () => {
    await Promise.all(systems.map(({ name, actions }) => collectFrom(name, actions, endput, logger)));
  };
  let told: string | undefined;
  const stop = repeatedly(
    EVERY_MS,
    async () => {
      await tables;
      await collect();
      told = undefined;
    },
    (err) => {
      const fault = explained(err);
      if (fault !== told) logger.warn({ err }, 'what was done through the APIs waits to be taken into the history');
      told = fault;
    },
  );
  return { collect, stop };
}

async function collectFrom(system: string, from: ActionLog, endput: Sql, logger: Logger): Promise<void> {
  const history = { pipeline: ordersPipeline.name, system };
  for (let entries = await from.oldest(BATCH); entries.length > 0; entries = await from.oldest(BATCH)) {
    for (const { text, action } of entries) {
      if (action === undefined)
        logger.warn({ system, text }, 'no action that an API writes: it is left out of the history');
    }
    const reported = entries.flatMap(({ action }) => (action === undefined ? [] : [action]));
    if (reported.length > 0) await recordReported(endput, history, reported);
    await from.remove(entries.map(({ place }) => place));
  }
}
