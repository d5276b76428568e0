import type { OutgoingMessage } from '@esteira/pipeline';
import type { Postgres } from '@esteira/postgres';
import { UnpublishableRow, type PageSource, type Position, type SourceState } from '@esteira/relay';
import { orderTextMessages, type Journey, type OrderText } from '../domain/index.ts';
import { identityColumns } from './identity.ts';
import { ordersTable, type SourceTable } from './table.ts';

/** Which rows are read, and as whose. */
export interface OrdersSourceOptions {
  /** The system's name: a part of every message id. */
  readonly system: string;
  /** `orders` by default. */
  readonly table?: SourceTable;
}

/** The position before every row: transaction ids start at 3. */
export const BEFORE_ALL: Position = { transactionId: '0', id: '0' };

/** What a page's statement answers: always one row. */
export type PageRow = SourceState & {
  /** A line each: the id, `t` or `f` for its security check, and the order's JSON; null where there is none. */
  readonly orders: string | null;
  /** Of the last of them. */
  readonly lastTransactionId: string | null;
  /** The page ends before its limit, with {@link MAX_PAGE_BYTES}. */
  readonly cut: boolean;
};

/** A page is over with the row whose product reaches this sum, in bytes. Three pages are on their way at once. */
export const MAX_PAGE_BYTES = 4 * 1_048_576;

/**
 * A row as a line. Its JSON is made here and travels as it is: neither parsed nor written again on the way, which is
 * also the quickest for Postgres. JSON has no line feed of its own.
 */
const LINE = `id || case when security_check then ' t ' else ' f ' end
  || '{"id":"' || id || '","product":' || coalesce(to_json(product)::text, 'null')
  || ',"price":' || coalesce(to_json(price)::text, 'null')
  || ',"created_at":' || coalesce(to_json(created_at)::text, 'null')
  || ',"security_check":' || case when security_check then 'true}' else 'false}' end`;

/**
 * Rows after a position ($1, $2), at most $3, in the order of the index. Only rows of transactions below the snapshot's
 * xmin are read: every transaction below it has ended, so no row can still appear before the last one of the page. The
 * page and the watermark are of one snapshot because they are of one statement.
 *
 * Times and numbers are made text by Postgres: microseconds and cents stay as they are. The length of a long product is
 * known without reading it: a row beyond the page's last one costs nothing.
 */
export const pageStatement = (source: SourceTable): string => `
  select ${identityColumns(source)}, page.* from (
    select string_agg(${LINE}, e'\\n' order by transaction_id, id)
        filter (where bytes_before < ${MAX_PAGE_BYTES}) as orders,
      (max(transaction_id) filter (where bytes_before < ${MAX_PAGE_BYTES}))::text as "lastTransactionId",
      coalesce(max(bytes_before) >= ${MAX_PAGE_BYTES}, false) as cut
    from (
      select *, sum(octet_length(product)) over (order by transaction_id, id rows unbounded preceding)
        - octet_length(product) as bytes_before
      from (
        select ${source.transactionId} as transaction_id, ${source.id} as id, ${source.product} as product,
          ${source.price} as price, ${source.createdAt} as created_at, ${source.securityCheck} as security_check
        from ${source.table}
        where (${source.transactionId}, ${source.id}) > ($1::xid8, $2::bigint)
          and ${source.transactionId} < pg_snapshot_xmin(pg_current_snapshot())
        order by ${source.transactionId}, ${source.id}
        limit $3::int
      ) as found
    ) as measured
  ) as page`;

/** The orders of one system, as pages of messages. */
export function ordersSource(postgres: Postgres, { system, table = ordersTable }: OrdersSourceOptions): PageSource {
  const statement = pageStatement(table);
  const messagesOf = messageMaker(system);
  return {
    async next(after = BEFORE_ALL, limit, journey) {
      const [row] = await postgres.query<PageRow>(statement, [after.transactionId, after.id, limit]);
      if (row === undefined)
        throw new Error(`${system}: ${postgres.address} gave no answer to a page of ${table.table}`);
      const { orders: lines, lastTransactionId, cut, ...source } = row;
      const orders = ordersOf(lines);
      refuseNegativeIds(system, table, orders);
      const id = orders.at(-1)?.id;
      return {
        source,
        messages: messagesOf(source, orders, journey),
        more: cut || orders.length === limit,
        ...(id === undefined || lastTransactionId === null ? {} : { last: { transactionId: lastTransactionId, id } }),
      };
    },
  };
}

function ordersOf(lines: string | null): OrderText[] {
  if (lines === null) return [];
  return lines.split('\n').map((line) => {
    const end = line.indexOf(' ');
    return { id: line.slice(0, end), securityCheck: line[end + 1] === 't', json: line.slice(end + 3) };
  });
}

/** A table of the user may get such a row at any time: when the API started there was none. */
function refuseNegativeIds(system: string, { table }: SourceTable, orders: readonly OrderText[]): void {
  const refused = orders.find(({ id }) => id.startsWith('-'));
  if (refused === undefined) return;
  throw new UnpublishableRow(
    `${system}: the row with id ${refused.id} of ${table} can't be published, since no message id can hold an id below 0. ` +
      'None of its page, and nothing after it, is published. Give it another id, or remove it',
  );
}

/** Makes messages; what depends only on the origin is made again only when that changes. */
function messageMaker(system: string) {
  let known = '';
  let toMessage: ReturnType<typeof orderTextMessages>;
  return (
    { database, schema, table }: SourceState,
    orders: readonly OrderText[],
    journey: Journey,
  ): OutgoingMessage[] => {
    const origin = { system, database, schema, table };
    const key = JSON.stringify(origin);
    if (key !== known) toMessage = orderTextMessages(origin);
    known = key;
    return orders.map((order) => toMessage(order, journey));
  };
}
