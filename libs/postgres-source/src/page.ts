import type { OutgoingMessage } from '@esteira/pipeline';
import type { Postgres } from '@esteira/postgres';
import { UnpublishableRow, type PageSource, type Position, type SourceState } from '@esteira/relay';
import { identityColumns } from './identity.ts';
import type { SourceTable } from './table.ts';

/** What is read of each row. The texts are SQL. */
export interface RowFormat {
  /** `expression as name` each, over the table; beside `id` and `transaction_id`, which are always there. */
  readonly columns: readonly string[];
  /** The row as a text without a line feed, over the columns. JSON has none of its own. */
  readonly line: string;
  /** How long the row is, in bytes, over the columns; known without reading what is long. */
  readonly bytes: string;
}

/** Where rows are read. */
export type RowOrigin = Pick<SourceState, 'database' | 'schema' | 'table'>;

/** Makes the message of a row, given its id and its line. */
export type RowToMessage = (id: string, line: string, journey: { readonly maxAttempts: number }) => OutgoingMessage;

/** Which rows are read, as whose, and what becomes of them. */
export interface PostgresSourceOptions {
  /** The system's name, for messages to people. */
  readonly system: string;
  readonly table: SourceTable;
  readonly format: RowFormat;
  /** Asked once for each origin. */
  readonly messagesFrom: (origin: RowOrigin) => RowToMessage;
}

/** The position before every row: transaction ids start at 3. */
export const BEFORE_ALL: Position = { transactionId: '0', id: '0' };

/** What a page's statement answers: always one row. */
type PageRow = SourceState & {
  /** A row each: its id, a space, its line; null where there is none. */
  readonly rows: string | null;
  /** Of the last of them. */
  readonly lastTransactionId: string | null;
  /** The page ends before its limit, with {@link MAX_PAGE_BYTES}. */
  readonly cut: boolean;
};

/** A page is over with the row whose length reaches this sum, in bytes. Three pages are on their way at once. */
export const MAX_PAGE_BYTES = 4 * 1_048_576;

/**
 * Rows after a position ($1, $2), at most $3, as the index sorts them. Only rows of transactions below the snapshot's
 * xmin are read: every transaction below it has ended, so no row can still appear before the last one of the page. The
 * page and the watermark are of one snapshot because they are of one statement.
 *
 * Times and numbers are made text by Postgres: microseconds and cents stay as they are. The length of a long row is
 * known without reading it: a row beyond the page's last one costs nothing.
 */
export const pageStatement = (source: SourceTable, { columns, line, bytes }: RowFormat): string => `
  select ${identityColumns(source)}, page.* from (
    select string_agg(id || ' ' || (${line}), e'\\n' order by transaction_id, id)
        filter (where bytes_before < ${MAX_PAGE_BYTES}) as rows,
      (max(transaction_id) filter (where bytes_before < ${MAX_PAGE_BYTES}))::text as "lastTransactionId",
      coalesce(max(bytes_before) >= ${MAX_PAGE_BYTES}, false) as cut
    from (
      select *, sum(${bytes}) over (order by transaction_id, id rows unbounded preceding)
        - ${bytes} as bytes_before
      from (
        select ${[`${source.transactionId} as transaction_id`, `${source.id} as id`, ...columns].join(', ')}
        from ${source.table}
        where (${source.transactionId}, ${source.id}) > ($1::xid8, $2::bigint)
          and ${source.transactionId} < pg_snapshot_xmin(pg_current_snapshot())
        order by ${source.transactionId}, ${source.id}
        limit $3::int
      ) as found
    ) as measured
  ) as page`;

/** The rows of one system's table, as pages of messages. */
export function postgresSource(postgres: Postgres, options: PostgresSourceOptions): PageSource {
  const { system, table, format } = options;
  const statement = pageStatement(table, format);
  const toMessages = messageMaker(options);
  return {
    async next(after = BEFORE_ALL, limit, journey) {
      const [row] = await postgres.query<PageRow>(statement, [after.transactionId, after.id, limit]);
      if (row === undefined)
        throw new Error(`${system}: ${postgres.address} gave no answer to a page of ${table.table}`);
      const { rows, lastTransactionId, cut, ...source } = row;
      const lines = rows === null ? [] : rows.split('\n');
      refuseNegativeIds(options, lines);
      const last = lines.at(-1);
      return {
        source,
        messages: toMessages(source, lines, journey),
        more: cut || lines.length === limit,
        ...(last === undefined || lastTransactionId === null
          ? {}
          : { last: { transactionId: lastTransactionId, id: idOf(last) } }),
      };
    },
  };
}

const idOf = (line: string): string => line.slice(0, line.indexOf(' '));

/** A table of the user may get such a row at any time: when its relay started there was none. */
function refuseNegativeIds({ system, table: { table } }: PostgresSourceOptions, lines: readonly string[]): void {
  const refused = lines.find((line) => line.startsWith('-'));
  if (refused === undefined) return;
  throw new UnpublishableRow(
    `${system}: the row with id ${idOf(refused)} of ${table} can't be published, since no message id can hold an id below 0. ` +
      'None of its page, and nothing after it, is published. Give it another id, or remove it',
  );
}

/** Makes messages; what depends only on the origin is made again only when that changes. */
function messageMaker({ messagesFrom }: PostgresSourceOptions) {
  let known = '';
  let toMessage: RowToMessage;
  return (
    { database, schema, table }: SourceState,
    lines: readonly string[],
    journey: { readonly maxAttempts: number },
  ): OutgoingMessage[] => {
    const origin = { database, schema, table };
    const key = JSON.stringify(origin);
    if (key !== known) toMessage = messagesFrom(origin);
    known = key;
    return lines.map((line) => {
      const end = line.indexOf(' ');
      return toMessage(line.slice(0, end), line.slice(end + 1), journey);
    });
  };
}
