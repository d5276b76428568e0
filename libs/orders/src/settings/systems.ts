import { portSetting, POSTGRES_URL, settingsPart, urlSetting, type Given } from '@esteira/config';
import { Type, type TSchema } from 'typebox';
import { formatOwnTable, parseOwnTable, type OwnTable } from './own-table.ts';

/** The systems there are when nothing is set. */
export const DEFAULT_SYSTEMS = 'system-1,system-2';

/** One source: an operational Postgres and the API in front of it. */
export interface System {
  readonly name: string;
  readonly apiPort: number;
  readonly databaseUrl: string;
  /** The user's own table; absent where the system has the table `orders` that Esteira makes. */
  readonly ownTable?: OwnTable;
}

/** The sources of orders. `systems` is made of `SYSTEMS` and the settings of each. */
export const systemsSettings = settingsPart({
  properties: {
    SYSTEMS: Type.String({
      default: DEFAULT_SYSTEMS,
      pattern: '^[a-z0-9][a-z0-9-]{0,30}(,[a-z0-9][a-z0-9-]{0,30})*$',
      description:
        'The source systems, comma-separated. A name is part of every message id: never rename one. A further name adds a system with its own database and API.',
    }),
  },
  further: (given) =>
    Object.assign({}, ...namesIn(given).map((name, i) => settingsOfSystem(i + 1, name))) as Record<string, TSchema>,
  urlKind: (name) => (/^SYSTEM\d+_DATABASE_URL$/.test(name) ? POSTGRES_URL : undefined),
  problems(given) {
    const names = namesIn(given);
    const twice = new Set(names).size < names.length ? ['SYSTEMS names a system twice'] : [];
    return [...twice, ...ownTableProblems(given)];
  },
  derived: (values, given): { systems: readonly System[] } => ({
    systems: Object.freeze(namesIn(given).map(systemOf(values))),
  }),
  furtherEntries: ({ systems }) => systems.flatMap((system, i) => entriesOf(i + 1, system)),
});

const namesIn = (given: Given): string[] => (given['SYSTEMS'] ?? DEFAULT_SYSTEMS).split(',');

/** The settings of the n-th system (1-based), for example `SYSTEM1_API_PORT`. */
function settingsOfSystem(n: number, system: string): Record<string, TSchema> {
  const postgresPort = n <= 2 ? 5431 + n : 5432 + n;
  return {
    [`SYSTEM${n}_API_PORT`]: portSetting(8000 + n, `The port of the API of ${system}.`),
    [`SYSTEM${n}_DATABASE_URL`]: urlSetting(
      `postgres://esteira:esteira@127.0.0.1:${postgresPort}/${system.replaceAll('-', '_')}`,
      `The operational Postgres of ${system}.`,
    ),
    [`SYSTEM${n}_TABLE`]: Type.String({
      default: '',
      description: `A table of your own that ${system} reads in place of orders, for example shop.purchases. Nothing but what npm run -s esteira -- prepare-source adds is ever written to it.`,
    }),
    [`SYSTEM${n}_COLUMNS`]: Type.String({
      default: '',
      description: `Which columns of SYSTEM${n}_TABLE are what, for example id=order_no,product=title,price=amount,created_at=placed_at,security_check=approved. What is not named has its own name; without security_check every row counts as checked.`,
    }),
  };
}

function ownTableProblems(given: Given): string[] {
  return Object.entries(given).flatMap(([name, value]) => {
    const [, n, what] = /^SYSTEM(\d+)_(TABLE|COLUMNS)$/.exec(name) ?? [];
    if (n === undefined) return [];
    if (what === 'COLUMNS') return given[`SYSTEM${n}_TABLE`] === undefined ? [`${name} needs SYSTEM${n}_TABLE`] : [];
    const parsed = parseOwnTable(value, given[`SYSTEM${n}_COLUMNS`] ?? '');
    return 'problem' in parsed ? [`SYSTEM${n}_${parsed.problem}`] : [];
  });
}

const systemOf =
  (values: Readonly<Record<string, unknown>>) =>
  (name: string, index: number): System => {
    const of = (what: string) => values[`SYSTEM${index + 1}_${what}`];
    const table = of('TABLE') as string;
    const own = table === '' ? undefined : parseOwnTable(table, of('COLUMNS') as string);
    return {
      name,
      apiPort: of('API_PORT') as number,
      databaseUrl: of('DATABASE_URL') as string,
      // What `problems` let through can be read.
      ...(own === undefined || 'problem' in own ? {} : { ownTable: own }),
    };
  };

const entriesOf = (n: number, { apiPort, databaseUrl, ownTable }: System): [name: string, value: string][] => [
  [`SYSTEM${n}_API_PORT`, String(apiPort)],
  [`SYSTEM${n}_DATABASE_URL`, databaseUrl],
  ...(ownTable === undefined ? [] : ownTableEntries(n, ownTable)),
];

function ownTableEntries(n: number, ownTable: OwnTable): [name: string, value: string][] {
  const { table, columns } = formatOwnTable(ownTable);
  return [
    [`SYSTEM${n}_TABLE`, table],
    [`SYSTEM${n}_COLUMNS`, columns],
  ];
}
