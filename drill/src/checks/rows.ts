import type { Reconciliation, UnrestedRow } from '@esteira/reconciliation';
import type { Facts } from './facts.ts';
import { resultOf, type CheckResult } from './result.ts';

/** What reconciliation found, and each row that it names. */
export interface Reconciled {
  readonly reconciliation: Reconciliation;
  readonly unrested: readonly UnrestedRow[];
}

const named = (unrested: readonly UnrestedRow[], classes: readonly UnrestedRow['class'][]) =>
  unrested.filter((row) => classes.includes(row.class)).map((row) => `${row.system} row ${row.id}: ${row.class}`);

const rowsOf = ({ reconciliation }: Reconciled): number =>
  reconciliation.systems.reduce((sum, { rows }) => sum + rows, 0);

/** Every committed row rests in one place. Pure. */
export function rowsAtRest(
  reconciled: Reconciled,
  { stored, letters }: Pick<Facts, 'stored' | 'letters'>,
): CheckResult {
  const dead = new Set(letters.filter(({ state }) => state === 'dead').map(({ messageId }) => messageId));
  const both = stored.filter(({ messageId }) => dead.has(messageId));
  const twice = doubled([
    ...stored.map(({ system, sourceId }) => `${system} row ${sourceId}`),
    ...letters
      .filter(({ state, system }) => state === 'dead' && system !== null)
      .map(({ system, sourceId }) => `${system ?? ''} row ${sourceId ?? ''}`),
  ]);
  return resultOf(
    {
      guarantee: 'Every committed row is stored once or dead once: none lost, none doubled',
      how: 'full outer join of the sources, the endput and the dead letters, row by row; then each id counted over both tables',
    },
    rowsOf(reconciled),
    [
      ...named(reconciled.unrested, ['missing', 'in-flight', 'not-yet-published']),
      ...both.map(({ messageId }) => `${messageId}: stored and dead`),
      ...twice.map((row) => `${row}: at rest more than once`),
    ],
  );
}

/** What arrived is what was sent. Pure. */
export function contentEqual(reconciled: Reconciled): CheckResult {
  return resultOf(
    {
      guarantee: 'A stored order equals its row: product, price to the cent, time to the microsecond',
      how: 'the text Postgres makes of each row was compared, source against endput',
    },
    rowsOf(reconciled),
    named(reconciled.unrested, ['differs']),
  );
}

/** What was never committed is nowhere. Pure. */
export function nothingUncommitted(
  reconciled: Reconciled,
  rolledBack: number,
  traces: readonly { store: string; rows: number }[],
): CheckResult {
  return resultOf(
    {
      guarantee: 'A row that was rolled back is nowhere',
      how: 'every row of the endput and every dead letter of an order has its source row; the mark of rolled back rows was searched in all stores',
    },
    rolledBack,
    [
      ...named(reconciled.unrested, ['orphan']),
      ...traces.filter(({ rows }) => rows > 0).map(({ store, rows }) => `${store}: ${rows} rolled back rows`),
    ],
  );
}

function doubled(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return names.filter((name) => {
    const again = seen.has(name);
    seen.add(name);
    return again;
  });
}
