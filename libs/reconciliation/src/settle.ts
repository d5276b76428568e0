import { isBeyond, roundOf, type TableClass } from './classify.ts';
import { judge, type OpenClass, type OpenRow } from './judge.ts';
import {
  roundKey,
  type ReconciliationMemory,
  type RowRound,
  type SentAgain,
  type WatchedRow,
} from './memory/memory.ts';
import { dayOf } from './report.ts';
import type { JoinedRow, Position } from './rows.ts';
import { watched, type Come, type Watch } from './watch.ts';

/** What the broker holds: in a lane, with a consumer or given up on; and waiting for a retry. */
export interface InBroker {
  readonly queued: number;
  readonly waiting: number;
}

/** A row that is neither at rest nor beyond the cursor. */
export interface Unsettled extends RowRound {
  readonly attempts: number;
  readonly day: string;
}

/** How far a system has come: what a lane's order is proved by. */
export interface SystemCome {
  readonly cursor: Position | undefined;
  readonly newestAtRest: Position | undefined;
}

/** What is asked of rows that nothing else speaks for: when the attempt log last heard of each, by `roundKey`. */
export type LastAttempts = (rows: readonly RowRound[]) => Promise<ReadonlyMap<string, number>>;

/** What a verdict is made of, beside the rows. */
export interface Evidence {
  /** Samples of the broker's counts. */
  readonly samples: readonly InBroker[];
  readonly come: ReadonlyMap<string, SystemCome>;
  readonly memory: ReconciliationMemory;
  readonly lastAttempts: LastAttempts;
  readonly longestWaitMs: number;
  /** What a message may be attempted at most. */
  readonly maxAttempts: number;
  readonly now: number;
}

/** Rows watched from one reconciliation to the next: those that come first. */
const MOST_WATCHED = 50_000;
/** Rows that the attempt log is asked about. */
const MOST_ASKED = 50_000;

/** Makes one of a row that the tables call `remainder`. */
export function unsettledOf(system: string, row: JoinedRow): Unsettled {
  return { system, id: row.id, round: roundOf(row), attempts: row.dead?.attempts ?? 0, day: dayOf(row) };
}

/** The later of two places, where the second is that of a row that has come to rest. Pure. */
export function laterAtRest(newest: Position | undefined, row: JoinedRow, found: TableClass): Position | undefined {
  if (row.source === undefined || (found !== 'stored' && found !== 'dead' && found !== 'discarded')) return newest;
  return newest === undefined || isBeyond(row.source, newest) ? row.source : newest;
}

/** Decides where each row is, and remembers what the next reconciliation has to know. `open` is by system and id. */
export async function settle(open: readonly Unsettled[], evidence: Evidence): Promise<OpenClass[]> {
  const { memory, samples, maxAttempts } = evidence;
  const inBroker = Math.max(0, ...samples.map(({ queued, waiting }) => queued + waiting));
  const [sent, before] = await Promise.all([memory.sentAgain(), memory.watched()]);
  const watches = new Map(before.map(({ watch, ...row }) => [roundKey(row), watch]));
  const next = (row: RowRound): Watch => watched(watches.get(roundKey(row)), comeOf(evidence, row.system));
  const isOpen = new Set(open.map(roundKey));
  const elsewhere = sent.filter((row) => !isOpen.has(roundKey(row)));
  const isEmpty = samples.length > 1 && inBroker === 0;
  // A copy of a row at rest does not wait again: one pass, and it was recognised.
  const isGone = (row: SentAgain) => isEmpty || next(row).passes > 0;
  const stillThere = elsewhere.filter((row) => !isGone(row));
  const signed = await withSigns(open, sent, inBroker, evidence);
  const judged = signed.map(({ row, ...signs }): OpenRow => ({ ...signs, isOver: next(row).passes >= maxAttempts }));
  const copiesElsewhere = stillThere.reduce((sum, { copies }) => sum + copies, 0);
  const verdicts = judge(judged, { inBroker, copiesElsewhere });
  await memory.remember(
    [...open.slice(0, MOST_WATCHED), ...stillThere].map((row): WatchedRow => ({ ...rowRound(row), watch: next(row) })),
    elsewhere.filter(isGone),
  );
  return verdicts;
}

const rowRound = ({ system, id, round }: RowRound): RowRound => ({ system, id, round });

function comeOf({ come, samples, longestWaitMs, now }: Evidence, system: string): Come {
  const { cursor, newestAtRest } = come.get(system) ?? { cursor: undefined, newestAtRest: undefined };
  const areLanesEmpty = samples.some(({ queued }) => queued === 0);
  return { now, longestWaitMs, cursor, newestAtRest, areLanesEmpty };
}

interface Signed extends Omit<OpenRow, 'isOver'> {
  readonly row: RowRound;
}

/** What speaks for each row. The log is asked only where it can tell one row from another. */
async function withSigns(
  open: readonly Unsettled[],
  sent: readonly SentAgain[],
  inBroker: number,
  { lastAttempts, longestWaitMs, now }: Evidence,
): Promise<Signed[]> {
  const sentBy = new Map(sent.map((row) => [roundKey(row), row]));
  const asked = inBroker > 0 && (sent.length > 0 || inBroker < open.length) ? open.slice(0, MOST_ASKED) : [];
  const attempted = asked.length === 0 ? new Map<string, number>() : await lastAttempts(asked);
  return open.map((row) => {
    const again = sentBy.get(roundKey(row));
    const last = attempted.get(roundKey(row));
    const signs = [again?.lastAt, last !== undefined && now < last + longestWaitMs ? last : undefined];
    const known = signs.filter((sign) => sign !== undefined);
    return { row, copies: again?.copies ?? 0, ...(known.length === 0 ? {} : { lastSign: Math.max(...known) }) };
  });
}
