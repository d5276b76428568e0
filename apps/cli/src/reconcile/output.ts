import { ordersPipeline } from '@esteira/orders/domain';
import { CONTENT_FIELDS } from '@esteira/orders/reconciliation';
import {
  DAY_CSV_HEAD,
  daysToCsv,
  differencesIn,
  ROW_CSV_HEAD,
  rowsReport,
  rowsToCsv,
  type Reconciliation,
  type UnrestedRow,
} from '@esteira/reconciliation';
import { addsUp, isAllAtRest } from '@esteira/pipeline';
import { problemLines } from '../books/table.ts';
import type { Connections } from '../connections.ts';
import { print, printProgress } from '../terminal.ts';
import { archivingLines } from './archive.ts';
import { dayTable, logNote, reportTable, rowLine, type Logged } from './report.ts';

/** How a reconciliation is written. */
export type Format = 'table' | 'json' | 'csv';

/** What the table, and CSV, have a line for. */
export type By = 'system' | 'day';

/** Where a reconciliation is written while it runs. */
export interface Output {
  row(row: UnrestedRow): void;
  end(result: Reconciliation, connections: Connections): Promise<void>;
}

/** Opens an output on stdout. `logTtlSeconds`: how long the attempt log keeps a document. */
export function openOutput(format: Format, by: By, logTtlSeconds: number): Output {
  switch (format) {
    case 'table':
      return tableOutput(by, logTtlSeconds);
    case 'json':
      return jsonOutput();
    case 'csv':
      return by === 'day' ? dayCsvOutput() : csvOutput();
  }
}

/** Rows that are named inline; the other formats name all. */
const NAMED_INLINE = 1_000;
/** A row in flight may get lost yet; one whose message is lost is missing once no message of it can be on its way. */
const STILL_MOVING = ' so far; what is in flight is judged again by the next one';

function tableOutput(by: By, logTtlSeconds: number): Output {
  const named: UnrestedRow[] = [];
  let found = 0;
  return {
    row: (row) => {
      // What is on its way is only counted: nobody has to look at each of them.
      if (row.class === 'in-flight' || row.class === 'not-yet-published') return;
      found += 1;
      if (named.length < NAMED_INLINE) named.push(row);
    },
    end: async (result, connections) => {
      for (const row of named) print(rowLine(row));
      if (found > named.length) print(`… and ${found - named.length} more: FORMAT=csv or FORMAT=json names all.`);
      print(by === 'day' ? dayTable(result) : reportTable(result, await loggedAttempts(connections)));
      if (by === 'system') print(logNote(logTtlSeconds));
      for (const line of await archivingLines(connections)) print(line);
      const books = rowsReport(result.systems);
      for (const problem of problemLines(books)) print(problem);
      if (addsUp(books)) print(`Nothing is missing, orphaned or different${isAllAtRest(books) ? '' : STILL_MOVING}.`);
    },
  };
}

/** Attempts in the log. Nothing is proved by them: where MongoDB does not answer, that is said, and all else goes on. */
export async function loggedAttempts({ attemptLog }: Pick<Connections, 'attemptLog'>): Promise<Logged> {
  try {
    return await attemptLog.countByOrigin(ordersPipeline.name);
  } catch (error) {
    printProgress(`How many attempts are logged is not known, MongoDB does not answer: ${(error as Error).message}`);
    return undefined;
  }
}

function jsonOutput(): Output {
  let separator = '{"rows":[';
  return {
    row: (row) => {
      const differences = differencesIn(CONTENT_FIELDS, row);
      print(`${separator}${JSON.stringify({ ...row, ...(differences.length === 0 ? {} : { differences }) })}`);
      separator = ',';
    },
    end: (result) => {
      const opening = separator === ',' ? '' : separator;
      print(
        `${opening}],"consistent":${addsUp(rowsReport(result.systems))},"systems":${JSON.stringify(result.systems)}}`,
      );
      return Promise.resolve();
    },
  };
}

const write = (text: string) => process.stdout.write(text);

function csvOutput(): Output {
  write(ROW_CSV_HEAD);
  return {
    row: (row) => {
      write(rowsToCsv([row], CONTENT_FIELDS));
    },
    end: () => Promise.resolve(),
  };
}

function dayCsvOutput(): Output {
  return {
    row: () => undefined,
    end: ({ systems }) => {
      write(DAY_CSV_HEAD);
      write(daysToCsv(systems.flatMap(({ system, days }) => days.map((day) => ({ system, ...day })))));
      return Promise.resolve();
    },
  };
}
