import { setTimeout as sleep } from 'node:timers/promises';
import type { Arena } from '../arena.ts';
import type { Connections } from '@esteira/cli/connections';
import type { Ledger } from '../ledger.ts';
import { bringIn, type Door } from './bring-in.ts';
import { nextRelease } from './pace.ts';
import { commits, type Part } from './parts.ts';

/** What a load needs. */
export interface LoadOptions {
  readonly parts: readonly Part[];
  readonly arena: Arena;
  readonly connections: Connections;
  readonly ledger: Ledger;
  /** How many of the faults have passed, of 1. */
  readonly faultsPassed: () => number;
  /** How much of the load may be ahead of the faults, of 1. */
  readonly ahead: number;
  readonly signal: AbortSignal;
}

const LOOK_EVERY_MS = 100;
const FEW_ROWS = 10;
/** Parts on their way at once: more would only wait for each other's locks and connections. */
const MOST_AT_ONCE = 6;

/** Brings all parts in, as the faults pass, and a few rows more while there would be no work. */
export async function load({ parts, faultsPassed, ahead, signal, ...options }: LoadOptions): Promise<void> {
  const { ledger } = options;
  const orders = parts.reduce((sum, { rows }) => sum + rows, 0);
  const underWay = new Set<Promise<void>>();
  const rest = [...parts];
  const start = (part: Part) => {
    if (!commits(part.way)) ledger.rolledBack += part.rows;
    const work = bringIn(part, doorOf(part, signal, options)).finally(() => underWay.delete(work));
    work.catch(() => undefined); // Heard where all of them are awaited.
    underWay.add(work);
  };
  for (let extra = 0; rest.length > 0 || faultsPassed() < 1;) {
    signal.throwIfAborted();
    const partsReleased = 1 - rest.length / parts.length;
    const backlog = backlogOf(ledger);
    const pace = nextRelease({ partsReleased, faultsPassed: faultsPassed(), backlog, orders, ahead });
    if (pace !== 'wait' && underWay.size < MOST_AT_ONCE) {
      const next = pace === 'part' ? rest.shift() : fewRows(extra++, parts);
      if (next !== undefined) start(next);
      if (pace === 'part') continue;
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
  await Promise.all(underWay);
}

function doorOf(
  { system }: Part,
  signal: AbortSignal,
  { arena, connections, ledger }: Pick<LoadOptions, 'arena' | 'connections' | 'ledger'>,
): Door {
  const found = connections.systems.find(({ name }) => name === system);
  if (found === undefined) throw new Error(`There is no system ${system}.`);
  return {
    source: found.source,
    url: arena.process(`api-${system}`).url,
    signal,
    imported: (imported) => ledger.imports.push(imported),
  };
}

function backlogOf({ samples }: Ledger): number {
  const now = samples.at(-1);
  return now === undefined ? 0 : now.rows - now.stored - now.dead;
}

function fewRows(n: number, parts: readonly Part[]): Part | undefined {
  const like = parts[n % parts.length];
  return like && { tag: `few-${n}`, system: like.system, rows: FEW_ROWS, way: { kind: 'insert' } };
}
