/** The columns of a table of the user, as Postgres stores their names. */
export interface OwnColumns {
  readonly id: string;
  readonly product: string;
  readonly price: string;
  readonly createdAt: string;
  /** Absent where every row has passed its check. */
  readonly securityCheck?: string;
  /** Where the inserting transaction is stamped. */
  readonly transactionId: string;
}

/** A table of the user that is read in place of `orders`. */
export interface OwnTable {
  /** Absent: whatever schema the search path finds it in. */
  readonly schema?: string;
  readonly name: string;
  readonly columns: OwnColumns;
}

/** What an order has, by its name in the setting. */
const FIELDS = {
  id: 'id',
  product: 'product',
  price: 'price',
  created_at: 'createdAt',
  security_check: 'securityCheck',
  transaction_id: 'transactionId',
} as const satisfies Record<string, keyof OwnColumns>;

/** A name as it stands in the settings: quoted where it holds what separates names. */
const NAME = '"(?:[^"]|"")+"|[^"\\s.,=]+';
const TABLE = new RegExp(`^(?:(${NAME})[.])?(${NAME})$`);
const COLUMN = new RegExp(`^\\s*([a-z_]+)\\s*=\\s*(${NAME})\\s*(?:,|$)`);

const unquoted = (name: string): string => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name);
const quoted = (name: string): string =>
  new RegExp(`^(?:${NAME})$`).test(name) && !name.startsWith('"') ? name : `"${name.replaceAll('"', '""')}"`;

/**
 * Reads `SYSTEM<n>_TABLE` (`shop.purchases`) and `SYSTEM<n>_COLUMNS` (`id=order_no,product=title`). Names are taken as
 * they are; one with a dot, a comma, a space or an equals sign is written in double quotes. A field that is not named
 * is a column of its own name, except `security_check`: then every row has passed its check.
 */
export function parseOwnTable(table: string, columns: string): OwnTable | { readonly problem: string } {
  const [, schema, name] = TABLE.exec(table) ?? [];
  if (name === undefined) return { problem: 'TABLE is no table name (shop.purchases; "My Shop".purchases is quoted)' };
  const mapping: { -readonly [K in keyof OwnColumns]: OwnColumns[K] } = {
    id: 'id',
    product: 'product',
    price: 'price',
    createdAt: 'created_at',
    transactionId: 'transaction_id',
  };
  const named = new Set<string>();
  for (let rest = columns; rest.trim() !== '';) {
    const [all, field = '', column = ''] = COLUMN.exec(rest) ?? [];
    if (all === undefined) return { problem: 'COLUMNS is not a list such as id=order_no,product=title' };
    if (!Object.hasOwn(FIELDS, field)) return { problem: `COLUMNS names no field of an order; there are ${known()}` };
    if (named.has(field)) return { problem: `COLUMNS names ${field} twice` };
    named.add(field);
    mapping[FIELDS[field as keyof typeof FIELDS]] = unquoted(column);
    rest = rest.slice(all.length);
  }
  return { ...(schema === undefined ? {} : { schema: unquoted(schema) }), name: unquoted(name), columns: mapping };
}

const known = () => Object.keys(FIELDS).join(', ');

/** The two settings that {@link parseOwnTable} reads as this table. */
export function formatOwnTable({ schema, name, columns }: OwnTable): { table: string; columns: string } {
  const parts = schema === undefined ? [name] : [schema, name];
  const fields = Object.entries(FIELDS).flatMap(([field, key]) => {
    const column = columns[key];
    return column === undefined ? [] : [`${field}=${quoted(column)}`];
  });
  return { table: parts.map(quoted).join('.'), columns: fields.join(',') };
}
