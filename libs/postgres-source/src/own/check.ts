import { StandbyServer, type Sql } from '@esteira/postgres';
import { quotedTable, type OwnTable } from '../table.ts';
import { hasForeignStamps, hasNegativeIds, tableFacts } from './facts.ts';
import { unprepared, unsuitable } from './requirements.ts';

/** A source's table can't be read as it is. The message names what is wrong, and what to do. */
export class SourceNotReady extends Error {
  readonly problems: readonly string[];

  constructor(system: string, table: string, problems: readonly string[], help: string = NAMES) {
    const list = problems.map((problem) => `  ${problem}`).join('\n');
    super(`${system}: ${table} can't be read as it is:\n${list}\n${help}`);
    this.name = 'SourceNotReady';
    this.problems = problems;
  }
}

const NAMES = 'SYSTEM<n>_TABLE and SYSTEM<n>_COLUMNS name the table and its columns (docs/own-table.md).';
const preparing = (system: string) =>
  `\`npm run -s esteira -- prepare-source --system ${system} --dry-run\` shows what adds it; without --dry-run it is added.`;

/** Where the question goes, for messages to people. */
type CheckedSql = Sql & { readonly address?: string };

/**
 * Whether a table of the user has all that a system needs.
 *
 * @throws SourceNotReady with everything that is missing; StandbyServer where nothing can be read safely.
 */
export async function checkOwnTable(sql: CheckedSql, system: string, names: OwnTable): Promise<void> {
  const facts = await tableFacts(sql, names);
  if (facts?.standby === true) throw new StandbyServer(sql.address ?? system);
  const wrong = unsuitable(facts, names);
  if (wrong.length > 0 || facts === undefined) throw new SourceNotReady(system, quotedTable(names), wrong);
  const missing = unprepared(facts, names);
  if (missing.length > 0) throw new SourceNotReady(system, quotedTable(names), missing, preparing(system));
  if (await hasNegativeIds(sql, names)) throw new SourceNotReady(system, quotedTable(names), [NEGATIVE]);
  if (await hasForeignStamps(sql, names)) throw new SourceNotReady(system, quotedTable(names), [FOREIGN]);
}

const FOREIGN =
  'some rows were stamped by another Postgres cluster and restored from a dump; docs/own-table.md says how to stamp them again';

/** Said of a table, by preparation too. */
export const NEGATIVE = 'some ids are below 0, which no message id can hold';
