import { quoteIdentifier, type Postgres, type Sql } from '@esteira/postgres';
import { quotedTable, type OwnTable } from '../table.ts';
import { hasUnstamped, indexName, tableFacts, type TableFacts } from './facts.ts';
import { locked, PreparationStopped, type LockWait } from './locked.ts';
import { dropCheckStatement, type PrepareStep } from './plan.ts';

/** What is left behind is tried to take away for this many tries: whoever waits for the command has waited already. */
const UNDO_TRIES = 5;

/** Builds the index, which can't stand in a transaction. What a failure leaves of it is dropped. */
export async function buildIndex(
  postgres: Postgres,
  step: PrepareStep,
  { names, facts, wait }: { readonly names: OwnTable; readonly facts: TableFacts; readonly wait: LockWait },
): Promise<void> {
  const dropIndex = `drop index if exists ${quotedTable({ schema: facts.schema, name: indexName(facts.name) })}`;
  await undoing(
    async () => {
      for (const statement of step.sql) await postgres.query(statement);
    },
    async () => {
      const now = await tableFacts(postgres, names);
      if (now?.index === 'unusable') await locked(postgres, facts, [dropIndex], { ...wait, tries: UNDO_TRIES });
    },
    `an index that is not valid may be left; it refuses no write. The next run drops it, or by hand: ${dropIndex}`,
  );
}

/**
 * Makes NULL impossible. A check stands in for it while the table is read; it comes only where no row would break it, as
 * seen under the lock that adds it, so that it can never refuse a write of the user's. It goes again, whatever fails.
 */
export async function forbidNull(
  postgres: Postgres,
  step: PrepareStep,
  { names, facts, wait }: { readonly names: OwnTable; readonly facts: TableFacts; readonly wait: LockWait },
): Promise<void> {
  const [dropOld = '', add = '', validate = '', setNotNull = '', drop = ''] = step.sql;
  const addWhereAllAreStamped = async (sql: Sql) => {
    await sql.query(dropOld);
    await sql.query(add);
    // By the index: nobody waits for as long as the whole table takes.
    await sql.query('set local enable_seqscan = off');
    if (await hasUnstamped(sql, names)) throw new PreparationStopped(unstamped(names));
  };
  const dropCheck = dropCheckStatement(quotedTable(facts));
  await undoing(
    async () => {
      await locked(postgres, facts, addWhereAllAreStamped, wait);
      await locked(postgres, facts, [validate], wait);
      await locked(postgres, facts, [setNotNull, drop], wait);
    },
    () => locked(postgres, facts, [dropCheck], { ...wait, tries: UNDO_TRIES }),
    `a check may be left that no row breaks. The next run drops it, or by hand: ${dropCheck}`,
  );
}

const unstamped = (names: OwnTable) =>
  `${quotedTable(names)} has rows without ${quoteIdentifier(names.transactionId)} again: something takes the stamp away. ` +
  'Nothing was changed by this step; the same command stamps them.';

/** Does something, and takes away what is left of it where it fails. The error stays what it was, and says what remains. */
async function undoing(work: () => Promise<void>, undo: () => Promise<void>, remains: string): Promise<void> {
  try {
    await work();
  } catch (error) {
    try {
      await undo();
    } catch (fault) {
      const why = `${(error as Error).message}. It could not be undone (${(fault as Error).message}): ${remains}`;
      throw new PreparationStopped(why, { cause: error });
    }
    throw error;
  }
}
