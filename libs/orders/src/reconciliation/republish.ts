import { redrivenMessages } from '@esteira/dead-letters';
import type { Publish } from '@esteira/pipeline';
import type { Sql } from '@esteira/postgres';
import {
  noteSentAgain,
  republish,
  republishedInAll,
  RepublishingStopped,
  type MadeMessage,
  type RepublishedRows,
  type RepublishRow,
  type SentBy,
} from '@esteira/reconciliation';
import { ordersPipeline } from '../domain/index.ts';
import { redrivableOrders } from '../repair/index.ts';
import { republishedOrders } from '../source/index.ts';
import type { ReconciledSystem } from './reconcile.ts';

/** A missing order: where it is, and the round it travels in. */
export interface MissingOrder extends RepublishRow {
  readonly system: string;
}

/** How orders are published again. */
export interface RepublishOptions {
  /** Knows the bodies of redriven dead letters. */
  readonly endput: Sql;
  /** To the pipeline's exchange, mandatory. */
  readonly publish: Publish;
  readonly maxAttempts: number;
  /** Who wants it, and why: it is remembered of each row. */
  readonly sentBy: SentBy;
}

/**
 * Publishes missing orders again. Orders that are not missing after all are recognised by their ids. One that was
 * redriven goes with the body it was redriven with: a person may have edited it.
 *
 * @throws RepublishingStopped with what was done in all systems by then
 */
export async function republishOrders<R extends MissingOrder>(
  systems: readonly Pick<ReconciledSystem, 'name' | 'source' | 'table'>[],
  missing: readonly R[],
  { endput, publish, maxAttempts, sentBy }: RepublishOptions,
): Promise<RepublishedRows<R>> {
  const known = new Set(systems.map(({ name }) => name));
  const gone = missing.filter(({ system }) => !known.has(system)).length;
  const results: RepublishedRows<R>[] = [];
  const inAll = () => {
    const total = republishedInAll(results);
    return { ...total, gone: total.gone + gone, confirmedRows: results.flatMap(({ confirmedRows }) => confirmedRows) };
  };
  for (const { name, source, table } of systems) {
    const rows = missing.filter(({ system }) => system === name);
    const messagesOf = async (some: readonly R[]) =>
      withRedrivenBodies(
        endput,
        name,
        some,
        await republishedOrders(source, name, some, maxAttempts, table),
        maxAttempts,
      );
    const note = (confirmed: readonly R[]) => noteSentAgain(endput, ordersPipeline.name, confirmed, sentBy);
    try {
      results.push(await republish(rows, { messages: messagesOf, publish, note }));
    } catch (error) {
      if (!(error instanceof RepublishingStopped)) throw error;
      results.push((error as RepublishingStopped<R>).done);
      throw new RepublishingStopped(inAll(), error.cause);
    }
  }
  return inAll();
}

/** A dead letter of another order, which had the row's id before, does not stand in for this one. */
async function withRedrivenBodies<R extends MissingOrder>(
  endput: Sql,
  system: string,
  rows: readonly R[],
  made: readonly MadeMessage<R>[],
  maxAttempts: number,
): Promise<readonly MadeMessage<R>[]> {
  const keys = rows.filter(({ round }) => round > 1).map(({ id }) => id);
  if (keys.length === 0) return made;
  const redrivable = redrivableOrders([system]);
  const redriven = await redrivenMessages(endput, redrivable, { origin: system, keys }, maxAttempts);
  const deadLetters = new Map(redriven.map((deadLetter) => [deadLetter.message.messageId, deadLetter]));
  return made.map(({ row, message }) => {
    const deadLetter = deadLetters.get(message.messageId);
    if (deadLetter === undefined) return { row, message };
    const order = redrivable.readBody(message.body, message.type);
    const isOfRow = 'problem' in order || order.incarnation === deadLetter.incarnation;
    return { row, message: isOfRow ? deadLetter.message : message };
  });
}
