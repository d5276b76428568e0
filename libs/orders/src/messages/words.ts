import { listDeadLetters, lookUpDeadLetters, soughtWords } from '@esteira/dead-letters';
import { ForeignCursor, present, readCursor, writeCursor } from '@esteira/pipeline';
import type { Postgres, Sql } from '@esteira/postgres';
import { messageIds, ordersPipeline } from '../domain/index.ts';
import { storedOrders } from '../endput/index.ts';
import { ordersByWords, WORDS_INDEX, type SourceOrder, type OrdersTable } from '../source/index.ts';
import { hitOfDeadLetter, hitOfSource, hitOfStored, type MessageHit } from './hit.ts';
import { UnservedSearch, type MessagePage } from './page.ts';

/** Where words are searched. */
export interface WordPlaces {
  readonly endput: Sql;
  readonly systems: readonly { readonly name: string; readonly source: Postgres; readonly table: OrdersTable }[];
}

/** Which words, and where. */
export interface WordSearch {
  readonly words: string;
  readonly system?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** The place a search has come to: the dead letters first, then the sources one after the other. */
type Stage = { readonly system: string | null; readonly cursor?: string };

const DEAD_LETTERS = null;

/**
 * Messages by the words of their error or product: the dead letters, then the rows of each source, the newest first. A
 * source that can't be searched is named, and the others are searched.
 */
export async function searchWords(places: WordPlaces, search: WordSearch): Promise<MessagePage> {
  const query = soughtWords(search.words);
  const indexes: string[] = [];
  const unsearched: string[] = [];
  let items: readonly MessageHit[] = [];
  let stage: Stage | undefined = search.cursor === undefined ? { system: DEAD_LETTERS } : readStage(search.cursor);
  while (query !== null && stage !== undefined && items.length === 0) {
    const { system }: Stage = stage;
    const page: StagePage = await stagePage(places, search, query, stage).catch((error: unknown) => {
      if (system === DEAD_LETTERS || error instanceof ForeignCursor) throw error;
      unsearched.push(`${system}: ${error instanceof Error ? error.message : String(error)}`);
      return { items: [], next: undefined };
    });
    indexes.push(system === DEAD_LETTERS ? 'dead_letters_words' : `${system}: ${WORDS_INDEX}`);
    items = page.items;
    // A page of a source may be empty and yet go on: that is for the next request, so that each one is quick.
    stage = page.next === undefined ? after(places, search, system) : { system, cursor: page.next };
    if (page.next !== undefined) break;
  }
  const nextCursor = stage === undefined || query === null ? null : writeStage(stage);
  return { items, nextCursor, index: indexes.join(', '), unsearched };
}

/** The stage after this one. */
function after({ systems }: WordPlaces, { system: only }: WordSearch, done: string | null): Stage | undefined {
  const names = systems.map(({ name }) => name).filter((name) => only === undefined || name === only);
  const next = names[done === DEAD_LETTERS ? 0 : names.indexOf(done) + 1];
  return next === undefined ? undefined : { system: next };
}

interface StagePage {
  readonly items: readonly MessageHit[];
  readonly next: string | undefined;
}

async function stagePage(places: WordPlaces, search: WordSearch, query: string, stage: Stage): Promise<StagePage> {
  const { words, system, limit } = search;
  const { cursor } = stage;
  if (stage.system === DEAD_LETTERS) {
    const page = { filter: { words, ...present({ origin: system }) }, limit, ...present({ cursor }) };
    const { items, nextCursor } = await listDeadLetters(places.endput, ordersPipeline.name, page);
    return { items: items.map(hitOfDeadLetter), next: nextCursor ?? undefined };
  }
  const found = places.systems.find(({ name }) => name === stage.system);
  if (found === undefined) throw new UnservedSearch(`There is no system ${stage.system}.`);
  if (found.table.isOwn) throw new UnservedSearch('a table of your own has no index of words');
  if (cursor !== undefined && !/^\d{1,19}$/.test(cursor)) throw new ForeignCursor();
  const { orders, below } = await ordersByWords(found.source, query, { limit, ...present({ below: cursor }) });
  return { items: await asMessages(places.endput, found.name, orders), next: below ?? undefined };
}

/** Rows as messages; those with a dead letter were found by it. */
async function asMessages(endput: Sql, system: string, orders: readonly SourceOrder[]): Promise<MessageHit[]> {
  const idOf = messageIds(system);
  const rows = orders.filter(({ id }) => !id.startsWith('-')).map((order) => ({ order, messageId: idOf(order.id) }));
  const ids = rows.map(({ messageId }) => messageId);
  const [stored, deadLetters] = await Promise.all([
    storedOrders(endput, ids),
    lookUpDeadLetters(endput, ordersPipeline.name, { messageIds: ids }),
  ]);
  const storedById = new Map(stored.map((order) => [order.message_id, order]));
  const dead = new Set(deadLetters.map(({ messageId }) => messageId));
  return rows
    .filter(({ messageId }) => !dead.has(messageId))
    .map(({ order, messageId }) => {
      const there = storedById.get(messageId);
      return there === undefined ? hitOfSource(order, system, messageId) : hitOfStored(there);
    });
}

const writeStage = ({ system, cursor }: Stage): string => writeCursor([system ?? '', cursor ?? '']);

const ANY = /^/;

function readStage(text: string): Stage {
  const [system, cursor = ''] = readCursor(text, [ANY, ANY]);
  return { system: system || DEAD_LETTERS, ...(cursor === '' ? {} : { cursor }) };
}
