import { isLogFault, type AttemptLog, type AttemptSearch } from '@esteira/attempt-log';
import { lookUpDeadLetters } from '@esteira/dead-letters';
import { isMessageId, present } from '@esteira/pipeline';
import { messageIds, ordersPipeline } from '../domain/index.ts';
import { storedOrders } from '../endput/index.ts';
import { asksOfAttempts, isAsAsked, ofAttempts, unsearchedLog, type AskedOfAttempts } from './attempts.ts';
import { hitOfAttempt, hitOfDeadLetter, hitOfStored } from './hit.ts';
import type { MessagePage } from './page.ts';
import { refuseUnserved } from './served.ts';
import { searchWords, type WordPlaces } from './words.ts';

/** Where messages are searched. */
export interface SearchedPlaces extends WordPlaces {
  readonly attemptLog: Pick<AttemptLog, 'search'>;
}

/** Which messages are wanted. What is absent does not matter; what is present must all be true. */
export interface MessageSearch extends Omit<AttemptSearch, 'messageIds'> {
  readonly messageId?: string;
  /** With `sourceId`: the message of one source row, and dead letters that have its id too. */
  readonly system?: string;
  /** Decimal text. Without `system`: the rows of this id in every system. */
  readonly sourceId?: string;
  /** Words of the product or the error: all of them, each as the beginning of a word. */
  readonly words?: string;
}

/**
 * A page of messages. Attempts come from the log; a message whose attempts have expired there, or that is asked for while
 * the log is away, is found where it rests, as its last attempt.
 * Words are searched in the dead letters, then in the sources; with an outcome, a number or a time it is the attempts of
 * what has the words that are looked through.
 *
 * @throws UnservedSearch, and ForeignCursor for a cursor of another search.
 */
export async function searchMessages(places: SearchedPlaces, search: MessageSearch): Promise<MessagePage> {
  refuseUnserved(search);
  if (search.words !== undefined) return byWords(places, search, search.words);
  const { status, attempt, from, to, limit, cursor } = search;
  const ids = await idsOf(places, search);
  if (ids?.length === 0) return { items: [], nextCursor: null, index: 'message_id_1', unsearched: [] };
  const asked = present({ messageIds: ids, status, attempt, from, to, cursor });
  const logged = async () => {
    const page = await places.attemptLog.search({ limit, ...asked });
    return { ...page, items: page.items.map(hitOfAttempt), unsearched: [] };
  };
  return ids !== undefined && cursor === undefined ? wholeMessages(places, ids, search, logged) : logged();
}

/** What the log knows nothing of any more is found where it rests; all of them while the log is away. */
async function wholeMessages(
  places: SearchedPlaces,
  ids: readonly string[],
  search: AskedOfAttempts,
  logged: () => Promise<MessagePage>,
): Promise<MessagePage> {
  let page: MessagePage;
  try {
    page = await logged();
  } catch (fault) {
    const rest = isLogFault(fault) ? await atRest(places, ids, search) : undefined;
    if (rest === undefined || rest.items.length === 0) throw fault;
    return { ...rest, unsearched: [unsearchedLog(fault)] };
  }
  const logs = new Set(page.items.map(({ messageId }) => messageId));
  const forgotten = page.nextCursor === null ? ids.filter((id) => !logs.has(id)) : [];
  if (forgotten.length === 0) return page;
  const rest = await atRest(places, forgotten, search);
  return page.items.length === 0 ? rest : { ...page, items: [...page.items, ...rest.items] };
}

/** The messages that are meant; undefined where all are. */
async function idsOf({ endput, systems }: SearchedPlaces, search: MessageSearch): Promise<string[] | undefined> {
  const { messageId, system, sourceId: asked } = search;
  if (messageId !== undefined) {
    const id = messageId.trim().toLowerCase();
    return isMessageId(id) ? [id] : [];
  }
  if (asked === undefined) return undefined;
  if (!/^[0-9]{1,30}$/.test(asked) || BigInt(asked) >= 2n ** 63n) return [];
  const sourceId = String(BigInt(asked));
  // An order whose id was used before, or a spoiled copy, has an id of its own.
  const names = system === undefined ? systems.map(({ name }) => name) : [system];
  const ofEach = names.map(async (name) => {
    const deadLetters = await lookUpDeadLetters(endput, ordersPipeline.name, { origin: name, key: sourceId });
    return [messageIds(name)(sourceId), ...deadLetters.map(({ messageId: id }) => id)];
  });
  return [...new Set((await Promise.all(ofEach)).flat())];
}

/** Messages by where they rest, as far as the last attempt of each is as asked. */
async function atRest(
  { endput }: SearchedPlaces,
  ids: readonly string[],
  search: AskedOfAttempts,
): Promise<MessagePage> {
  const [stored, deadLetters] = await Promise.all([
    storedOrders(endput, ids),
    lookUpDeadLetters(endput, ordersPipeline.name, { messageIds: ids }),
  ]);
  const known = new Set(stored.map(({ message_id }) => message_id));
  const unstored = deadLetters.filter(({ messageId }) => !known.has(messageId));
  const items = [...stored.map(hitOfStored), ...unstored.map(hitOfDeadLetter)].filter((hit) => isAsAsked(hit, search));
  return { items, nextCursor: null, index: 'orders_pkey, dead_letters_pkey', unsearched: [] };
}

/** What is asked of attempts narrows a page, so it may hold fewer items than the limit, and yet not be the last. */
async function byWords(places: SearchedPlaces, search: MessageSearch, words: string): Promise<MessagePage> {
  const { system, limit, cursor } = search;
  const page = await searchWords(places, { words, limit, ...present({ system, cursor }) });
  return asksOfAttempts(search) && page.items.length > 0 ? ofAttempts(places, search, page) : page;
}
