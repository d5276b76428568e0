import { setTimeout as sleep } from 'node:timers/promises';
import type { Postgres } from '@esteira/postgres';
import { reconcile, type ReconcileOptions, type UnrestedRow } from '../reconcile.ts';
import type { ReconciliationMemory } from '../memory/memory.ts';
import type { Reconciliation } from '../report.ts';
import {
  asClaimed,
  beat,
  claim,
  finish,
  giveUp,
  keepRows,
  NO_PROGRESS,
  type Claim,
  type Claimed,
  type ClaimOptions,
} from './claim.ts';
import { LISTED_KINDS } from './kept.ts';

/** Rows written at once. */
const ROWS_AT_ONCE = 5_000;
/** How often the process says that it is still there, and how far it is, in milliseconds. */
const BEAT_MS = 1_000;

/** A reconciliation to run and to keep. */
export interface KeepOptions extends ClaimOptions {
  /** Where it is kept; {@link reconciliationMigrations} made the tables. */
  readonly endput: Postgres;
  readonly pipeline: string;
  readonly what: Omit<ReconcileOptions, 'onRow' | 'onProgress' | 'signal'>;
  /** Ends it; it is kept as interrupted. */
  readonly signal?: AbortSignal;
}

/** A reconciliation that was started. */
export type Started =
  | Exclude<Claim, { kind: 'claimed' }>
  | {
      readonly kind: 'claimed';
      readonly id: string;
      /** Resolves with the result once it is kept. Rejects when it failed, which is kept too. */
      readonly done: Promise<Reconciliation>;
    };

/** Starts a reconciliation unless one is running, in this process or another; keeps its progress and its result. */
export async function startReconciliation(options: KeepOptions): Promise<Started> {
  const claimed = await claim(options.endput, options.pipeline, options);
  if (claimed.kind !== 'claimed') return claimed;
  const done = reconcileAndKeep(claimed, options);
  // Whoever does not wait for it finds the failure where it is kept.
  done.catch(() => undefined);
  return { kind: 'claimed', id: claimed.id, done };
}

async function reconcileAndKeep(claimed: Claimed, options: KeepOptions): Promise<Reconciliation> {
  const { endput, what, signal } = options;
  const over = new AbortController();
  const ending = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]);
  const found = listing(endput, claimed);
  let progress = NO_PROGRESS;
  const beating = beatUntil(ending, () => beat(endput, claimed, progress)).catch((error: unknown) => {
    over.abort(error);
  });
  try {
    const result = await reconcile({
      ...what,
      ...(what.memory && { memory: rememberedByHolder(endput, claimed, what.memory) }),
      signal: ending,
      onRow: found.add,
      onProgress: async (now) => {
        progress = now;
        await found.write();
      },
    });
    await found.write();
    await beat(endput, claimed, progress);
    await finish(endput, claimed, result);
    return result;
  } catch (error) {
    const state = signal?.aborted === true ? 'interrupted' : 'failed';
    // What can't be written down now shows as interrupted later: the error itself is what matters.
    await giveUp(endput, claimed, state, String(error)).catch(() => undefined);
    throw error;
  } finally {
    over.abort();
    await beating;
  }
}

/** What one that has lost its claim found is older than what another has remembered since. */
function rememberedByHolder(endput: Postgres, claimed: Claimed, memory: ReconciliationMemory): ReconciliationMemory {
  return { ...memory, remember: (...found) => asClaimed(endput, claimed, () => memory.remember(...found)) };
}

async function beatUntil(signal: AbortSignal, once: () => Promise<void>): Promise<void> {
  try {
    for (;;) {
      await sleep(BEAT_MS, undefined, { signal });
      await once();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** The rows that are listed, written a few thousand at once. */
function listing(endput: Postgres, claimed: Claimed): { add: (row: UnrestedRow) => void; write: () => Promise<void> } {
  let rows: UnrestedRow[] = [];
  return {
    add: (row) => {
      if (LISTED_KINDS.some((kind) => kind === row.class)) rows.push(row);
    },
    write: async () => {
      const found = rows;
      rows = [];
      for (let from = 0; from < found.length; from += ROWS_AT_ONCE) {
        await keepRows(endput, claimed, found.slice(from, from + ROWS_AT_ONCE));
      }
    },
  };
}
