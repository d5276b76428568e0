import type { Publish } from '@esteira/pipeline';
import { republish, type Republished } from '@esteira/reconciliation';
import { republishedOrders } from '../source/index.ts';
import type { ReconciledSystem } from './reconcile.ts';

/** A missing order: where it is, and the round it travels in. */
export interface MissingOrder {
  readonly system: string;
  readonly id: string;
  readonly round: number;
}

/** How orders are published again. */
export interface RepublishOptions {
  /** To the pipeline's exchange, mandatory. */
  readonly publish: Publish;
  readonly maxAttempts: number;
}

/** Publishes missing orders again. Orders that are not missing after all are recognised by their ids. */
export async function republishOrders(
  systems: readonly Pick<ReconciledSystem, 'name' | 'source' | 'table'>[],
  missing: readonly MissingOrder[],
  { publish, maxAttempts }: RepublishOptions,
): Promise<Republished> {
  const total = { confirmed: 0, unroutable: 0, refused: 0, gone: 0 };
  const known = new Set(systems.map(({ name }) => name));
  total.gone += missing.filter(({ system }) => !known.has(system)).length;
  for (const { name, source, table } of systems) {
    const rows = missing.filter(({ system }) => system === name);
    const messagesOf = (some: readonly MissingOrder[]) => republishedOrders(source, name, some, maxAttempts, table);
    const result = await republish(rows, messagesOf, publish);
    for (const outcome of ['confirmed', 'unroutable', 'refused', 'gone'] as const) total[outcome] += result[outcome];
  }
  return total;
}
