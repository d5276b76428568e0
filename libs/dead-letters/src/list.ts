import type { Sql } from '@esteira/postgres';
import { conditionOf, type DeadLetterFilter, type Fragment } from './filter.ts';
import {
  cursorOf,
  MOST_ITEMS,
  NEWEST_FIRST,
  placeOf,
  type DeadLetterSort,
  type ListRequest,
  type Page,
} from './page.ts';
import { ITEM_COLUMNS, WHOLE_COLUMNS, type DeadLetterItem, type StoredDeadLetter } from './stored-letter.ts';

/** The order of each sort: complete, so that a page begins exactly where the one before ended. */
const KEYS: Readonly<Record<DeadLetterSort['by'], string>> = {
  dead_at: 'dead_at, message_id',
  message_id: 'message_id',
};

/**
 * A page of the dead letters that a filter means. An index serves each filter with each sort; how deep the page lies
 * does not matter.
 *
 * @throws BadCursor when the cursor is not one of this list.
 */
export async function listDeadLetters(
  sql: Sql,
  pipeline: string,
  { filter, sort = NEWEST_FIRST, limit, cursor }: ListRequest,
): Promise<Page<DeadLetterItem>> {
  const most = Math.min(Math.max(1, limit), MOST_ITEMS);
  const order = KEYS[sort.by]
    .split(', ')
    .map((key) => `${key} ${sort.direction}`)
    .join(', ');
  const place = { sort, cursor, order, limit: most + 1 };
  const near = filter.words === undefined ? [] : await nearby(sql, pipeline, filter, place);
  const items =
    near.length > most ? near : await itemsOf(sql, 'dead_letters', await listCondition(sql, pipeline, filter), place);
  const shown = items.slice(0, most);
  const last = shown.at(-1);
  const isLast = items.length <= most || last === undefined;
  return { items: shown, nextCursor: isLast ? null : cursorOf({ sort, ...last }) };
}

/** Where a page begins, and how long it may be. */
interface Place {
  readonly sort: DeadLetterSort;
  readonly cursor: string | undefined;
  /** The complete order, as SQL. */
  readonly order: string;
  readonly limit: number;
}

function itemsOf(sql: Sql, table: string, condition: Fragment, place: Place): Promise<DeadLetterItem[]> {
  const { sort, cursor, order, limit } = place;
  const after = cursor === undefined ? undefined : afterPlace(cursor, sort, condition.values.length + 1);
  const values = [...condition.values, ...(after?.values ?? []), limit];
  return sql.query<DeadLetterItem>(
    `SELECT ${ITEM_COLUMNS} FROM ${table} WHERE ${[condition.sql, ...(after === undefined ? [] : [after.sql])].join(' AND ')}
      ORDER BY ${order} LIMIT $${values.length}`,
    values,
  );
}

/** So many are looked at for words, from where the page begins. */
const NEAR = 2_000;

/** Those with the words among the next of the list: words that many have fill a page here, and no index has to be asked. */
function nearby(sql: Sql, pipeline: string, filter: DeadLetterFilter, place: Place): Promise<DeadLetterItem[]> {
  const { words, ...others } = filter;
  const { sort, cursor, order } = place;
  const next = conditionOf(pipeline, others);
  const after = cursor === undefined ? undefined : afterPlace(cursor, sort, next.values.length + 1);
  const before = [...next.values, ...(after?.values ?? [])];
  const having = conditionOf(pipeline, words === undefined ? {} : { words }, before.length + 1);
  const table = `(SELECT * FROM dead_letters WHERE ${[next.sql, ...(after === undefined ? [] : [after.sql])].join(' AND ')}
      ORDER BY ${order} LIMIT ${NEAR}) AS near`;
  const values = [...before, ...having.values];
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

function afterPlace(cursor: string, sort: DeadLetterSort, first: number) {
  const { deadAt, messageId } = placeOf(cursor, sort);
  const beyond = sort.direction === 'asc' ? '>' : '<';
  return sort.by === 'dead_at'
    ? {
        sql: `(dead_at, message_id) ${beyond} ($${first}::timestamptz, $${first + 1}::uuid)`,
        values: [deadAt, messageId],
      }
    : { sql: `message_id ${beyond} $${first}::uuid`, values: [messageId] };
}

/** One dead letter, whole; undefined where the pipeline has none of this id. */
export async function getDeadLetter(
  sql: Sql,
  pipeline: string,
  messageId: string,
): Promise<StoredDeadLetter | undefined> {
  const [letter] = await sql.query<StoredDeadLetter>(
    `SELECT ${WHOLE_COLUMNS} FROM dead_letters WHERE pipeline = $1 AND message_id = $2::uuid`,
    [pipeline, messageId],
  );
  return letter;
}
