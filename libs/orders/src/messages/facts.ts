import type { AttemptDocument, AttemptLog } from '@esteira/attempt-log';
import { getDeadLetter, type StoredDeadLetter } from '@esteira/dead-letters';
import type { Sql } from '@esteira/postgres';
import { timesSentAgain, type RepublishedAt } from '@esteira/reconciliation';
import { ordersPipeline, rowIdOf } from '../domain/index.ts';
import { storedOrders, type StoredOrder } from '../endput/index.ts';
import { sourceOrders, type SourceOrder, type OrdersTable } from '../source/index.ts';

/** What one place knows; a place that does not answer says why. `value` is null where it knows nothing. */
export type Known<T> =
  { readonly state: 'known'; readonly value: T } | { readonly state: 'unavailable'; readonly why: string };

/** What every place knows of one message. */
export interface MessageFacts {
  readonly messageId: string;
  /** Null where neither its id nor any place tells. */
  readonly system: string | null;
  /** Decimal text. */
  readonly sourceId: string | null;
  /** The row as it stands in the source now. */
  readonly source: Known<SourceOrder | null>;
  /** The row as it stands in the endput. */
  readonly stored: Known<StoredOrder | null>;
  readonly deadLetter: Known<StoredDeadLetter | null>;
  /** Attempts that the log still has, in their order. */
  readonly logged: Known<readonly AttemptDocument[]>;
  /** When its row was published again, oldest first. */
  readonly republished: Known<readonly RepublishedAt[]>;
}

/** Where the facts of a message are. */
export interface FactPlaces {
  readonly systems: readonly { readonly name: string; readonly source: Sql; readonly table: OrdersTable }[];
  readonly endput: Sql;
  readonly attemptLog: Pick<AttemptLog, 'ofMessages'>;
}

/** Asks every place about one message. A place that is away does not hide what the others know. */
export async function readFacts(places: FactPlaces, messageId: string): Promise<MessageFacts> {
  const { endput, attemptLog, systems } = places;
  const [stored, deadLetter, logged] = await Promise.all([
    known(storedOrders(endput, [messageId]).then(([order]) => order ?? null)),
    known(getDeadLetter(endput, ordersPipeline.name, messageId).then((found) => found ?? null)),
    known(attemptLog.ofMessages([messageId])),
  ]);
  const { system, sourceId } = rowOf(messageId, systems, [valueOf(stored), valueOf(deadLetter), valueOf(logged)?.[0]]);
  const there = systems.find(({ name }) => name === system);
  const source: Known<SourceOrder | null> =
    there === undefined || sourceId === null
      ? { state: 'known', value: null }
      : await known(sourceOrders(there.source, [sourceId], there.table).then(([row]) => row ?? null));
  const republished: Known<readonly RepublishedAt[]> =
    system === null || sourceId === null
      ? { state: 'known', value: [] }
      : await known(timesSentAgain(endput, ordersPipeline.name, { system, id: sourceId }));
  return { messageId, system, sourceId, source, stored, deadLetter, logged, republished };
}

/** Whether any place knows the message. */
export function isKnown({ source, stored, deadLetter, logged }: MessageFacts): boolean {
  return [valueOf(source), valueOf(stored), valueOf(deadLetter), valueOf(logged)?.[0]].some((one) => one != null);
}

const known = <T>(asked: Promise<T>): Promise<Known<T>> =>
  asked.then(
    (value) => ({ state: 'known', value }),
    (error: unknown) => ({ state: 'unavailable', why: error instanceof Error ? error.message : String(error) }),
  );

/** What a place knows; undefined while it does not answer. */
export const valueOf = <T>(fact: Known<T>): T | undefined => (fact.state === 'known' ? fact.value : undefined);

type Teller = StoredOrder | StoredDeadLetter | AttemptDocument | null | undefined;

/** The source row of a message: most ids tell it themselves, an id made of bytes does not. */
function rowOf(messageId: string, systems: FactPlaces['systems'], tellers: readonly Teller[]) {
  for (const { name } of systems) {
    const rowId = rowIdOf(messageId, name);
    if (rowId !== undefined) return { system: name, sourceId: rowId };
  }
  for (const teller of tellers) {
    if (teller === null || teller === undefined) continue;
    const [system, sourceId] = told(teller);
    if (system !== null) return { system, sourceId };
  }
  return { system: null, sourceId: null };
}

function told(teller: NonNullable<Teller>): [system: string | null, sourceId: string | null] {
  if ('stored_at' in teller) return [teller.system, teller.source_id];
  if ('bodyBytes' in teller) return [teller.origin, teller.key];
  const { origin, order } = teller as AttemptDocument & { readonly order?: { readonly id?: string } | null };
  return [(origin as { readonly system?: string } | null)?.system ?? null, order?.id ?? null];
}
