import { formatted } from '../table.ts';

/** Where all orders are at one moment, over all systems. */
export interface Progress {
  /** Rows in the sources. */
  readonly imported: number;
  readonly published: number;
  readonly stored: number;
  /** Messages that wait for a retry. */
  readonly waiting: number;
  readonly deadLettered: number;
  /** Messages in the lanes, with a consumer, or given up on by the broker. */
  readonly inLanes: number;
}

/** The bars, top to bottom. */
export const BARS = [
  ['imported', 'imported'],
  ['published', 'published'],
  ['stored', 'stored'],
  ['waiting', 'waiting for a retry'],
  ['deadLettered', 'dead-lettered'],
] as const satisfies readonly [keyof Progress, string][];

/** One line, where there is no terminal to draw on. */
export function progressLine(progress: Progress): string {
  return BARS.map(([key, label]) => `${label} ${formatted(progress[key])}`).join(' · ');
}

/**
 * Whether nothing is left to do as far as counts can tell: the reconciliation decides.
 *
 * @param isStill nothing has moved for longer than the broker's counts lag
 */
export function seemsAtRest(progress: Progress, isStill: boolean): boolean {
  const { imported, published, stored, deadLettered, waiting, inLanes } = progress;
  if (published < imported) return false;
  return stored + deadLettered >= imported || (waiting + inLanes === 0 && isStill);
}

/** Notices when nothing moves any more. */
export interface Patience {
  /** What was seen last, and since when, in milliseconds. */
  readonly seen: string;
  readonly since: number;
}

/** What is known after one more look. Pure: time is an argument. */
export function looked(patience: Patience | undefined, progress: Progress | undefined, now: number): Patience {
  const seen = progress === undefined ? (patience?.seen ?? '') : Object.values(progress).join(' ');
  return patience?.seen === seen ? patience : { seen, since: now };
}

/**
 * How long nothing may move before the demo gives up, in milliseconds: as long as the longest wait for a retry takes,
 * jitter included, and a minute in which a server may come back.
 */
export function patienceMs(longestDelayMs: number): number {
  return 2 * longestDelayMs + 60_000;
}
