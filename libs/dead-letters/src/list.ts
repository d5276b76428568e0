import { pageOf, type Page } from '@esteira/pipeline';
import type { Sql } from '@esteira/postgres';
import { conditionOf, type DeadLetterFilter, type Fragment } from './filter.ts';
import { cursorOf, MOST_ITEMS, NEWEST_FIRST, placeOf, type DeadLetterSort, type ListRequest } from './page.ts';
import { ITEM_COLUMNS, WHOLE_COLUMNS, type DeadLetterItem, type StoredDeadLetter } from './stored-dead-letter.ts';

/** The order of each sort: complete, so that a page begins exactly where the one before ended. */
const KEYS: Readonly<Record<DeadLetterSort['by'], readonly string[]>> = {
  dead_at: ['dead_at', 'message_id'],
  message_id: ['message_id'],
};

/**
 * A page of the dead letters that a filter means. An index serves each filter with each sort; how deep the page lies
 * does not matter.
 *
 * @throws ForeignCursor when the cursor is not one of this list.
 */
export async function listDeadLetters(
  sql: Sql,
  pipeline: string,
  { filter, sort = NEWEST_FIRST, limit, cursor }: ListRequest,
): Promise<Page<DeadLetterItem>> {
  const most = Math.min(Math.max(1, limit), MOST_ITEMS);
  const sorting = KEYS[sort.by].map((key) => `${key} ${sort.direction}`).join(', ');
  const place = { sort, cursor, sorting, limit: most + 1 };
  const near = filter.words === undefined ? [] : await nearby(sql, pipeline, filter, place);
  const items =
    near.length > most ? near : await itemsOf(sql, 'dead_letters', await listCondition(sql, pipeline, filter), place);
  return pageOf(items, most, (last) => cursorOf(sort, last));
}

/** Where a page begins, and how long it may be. */
interface Place {
  readonly sort: DeadLetterSort;
  readonly cursor: string | undefined;
  /** The complete order, as SQL. */
  readonly sorting: string;
  readonly limit: number;
}

function itemsOf(sql: Sql, table: string, condition: Fragment, place: Place): Promise<DeadLetterItem[]> {
  const next = beyond(condition, place);
  return sql.query<DeadLetterItem>(
    `SELECT ${ITEM_COLUMNS} FROM ${table} WHERE ${next.sql}
      ORDER BY ${place.sorting} LIMIT $${next.values.length + 1}`,
    [...next.values, place.limit],
  );
}

/** So many are looked at for words, from where the page begins. */
const NEAR = 2_000;

/** Those with the words among the next of the list: words that many have fill a page here, and no index has to be asked. */
function nearby(sql: Sql, pipeline: string, filter: DeadLetterFilter, place: Place): Promise<DeadLetterItem[]> {
  const { words, ...others } = filter;
  const next = beyond(conditionOf(pipeline, others), place);
  const having = conditionOf(pipeline, words === undefined ? {} : { words }, next.values.length + 1);
  const table = `(SELECT * FROM dead_letters WHERE ${next.sql} ORDER BY ${place.sorting} LIMIT ${NEAR}) AS near`;
  const values = [...next.values, ...having.values];
  return itemsOf(sql, table, { sql: having.sql, values }, { ...place, cursor: undefined });
}

/** Up to so many that have the words of a search are looked up by their ids. */
const FEW = 2_000;

/**
 * The condition of a list. Words that few have are found by their index first, and the few sorted; words that many have
 * are met soon enough in the order of the list. Postgres can't tell which, from the beginning of a word.
 */
async function listCondition(sql: Sql, pipeline: string, filter: DeadLetterFilter): Promise<Fragment> {
  const { words, ...others } = filter;
  if (words === undefined) return conditionOf(pipeline, filter);
  const having = conditionOf(pipeline, { words });
  const found = await sql.query<{ message_id: string }>(
    `SELECT message_id FROM dead_letters WHERE ${having.sql} LIMIT ${FEW + 1}`,
    having.values,
  );
  if (found.length > FEW) return conditionOf(pipeline, filter);
  const condition = conditionOf(pipeline, others);
  const values = [...condition.values, found.map(({ message_id }) => message_id)];
  return { sql: `${condition.sql} AND message_id = ANY ($${values.length}::uuid[])`, values };
}

/** A condition, from where the page begins. */
function beyond(condition: Fragment, { sort, cursor }: Place): Fragment {
  if (cursor === undefined) return condition;
  const { deadAt, messageId } = placeOf(cursor, sort);
  const { sql, values } = condition;
  const sign = sort.direction === 'asc' ? '>' : '<';
  const next = values.length + 1;
  return sort.by === 'dead_at'
    ? {
        sql: `${sql} AND (dead_at, message_id) ${sign} ($${next}::timestamptz, $${next + 1}::uuid)`,
        values: [...values, deadAt, messageId],
      }
    : { sql: `${sql} AND message_id ${sign} $${next}::uuid`, values: [...values, messageId] };
}

/** One dead letter, whole; undefined where the pipeline has none of this id. */
export async function getDeadLetter(
  sql: Sql,
  pipeline: string,
  messageId: string,
): Promise<StoredDeadLetter | undefined> {
  const [deadLetter] = await sql.query<StoredDeadLetter>(
    `SELECT ${WHOLE_COLUMNS} FROM dead_letters WHERE pipeline = $1 AND message_id = $2::uuid`,
    [pipeline, messageId],
  );
  return deadLetter;
}
