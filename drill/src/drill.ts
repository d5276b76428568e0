import { withConnections } from '@esteira/cli/connections';
import { publishedAgain } from './again.ts';
import { openArena, type ArenaOptions } from './arena.ts';
import { chanceOf, type Chance } from './chance.ts';
import { checkAll } from './checks/all.ts';
import { faultsHit } from './checks/ends.ts';
import { holds, type CheckResult } from './checks/result.ts';
import { openHand } from './hand.ts';
import { Ledger, type Sample } from './ledger.ts';
import { linkNames } from './links.ts';
import { redriveAmongLateCopies, redriven } from './rounds.ts';
import { schedule, type Plan, type Track } from './schedule.ts';
import type { Stage } from './stage.ts';
import { underLoad } from './under-load.ts';
import type { SettleOptions } from './watch.ts';

/** A drill to be run. */
export interface DrillOptions extends ArenaOptions {
  readonly orders: number;
  readonly seed: number;
  /** How often each process is killed, and how often stopped. */
  readonly kills: number;
  /** How long each server is out once, in milliseconds. */
  readonly outageMs: number;
  /** The faults, instead of those of the seed. */
  readonly tracks?: (plan: Plan, chance: Chance) => Track[];
  /** How much of the load may be ahead of the faults: by default it is spread over their time. */
  readonly ahead?: number;
  /** How long nothing may move once all faults have passed, in milliseconds. */
  readonly patienceMs?: number;
  readonly onSample: (sample: Sample, progress: { passed: number; total: number }) => void;
  readonly report: (line: string) => void;
  readonly signal: AbortSignal;
}

/** How a drill went. */
export interface DrillResult {
  readonly ledger: Ledger;
  readonly checks: readonly CheckResult[];
  readonly tracks: readonly Track[];
}

const AHEAD = 0.05;
/** Nothing may stand still for longer, in milliseconds, once all faults have passed. */
const PATIENCE_MS = 90_000;

/** Runs a drill on servers that are up. The processes are ended in any case; the servers stay as they are. */
export async function runDrill(options: DrillOptions): Promise<DrillResult> {
  const { report, signal } = options;
  const chance = chanceOf(options.seed);
  report('starting the processes, each behind links of its own');
  const arena = await openArena(options, signal);
  try {
    return await withConnections(arena.settings, async (connections) => {
      const hand = await openHand(arena.settings);
      try {
        return await underFaults(options, { arena, connections, hand, ledger: new Ledger(), chance, signal });
      } finally {
        await hand.close();
      }
    });
  } finally {
    await arena.close();
  }
}

async function underFaults(options: DrillOptions, stage: Stage): Promise<DrillResult> {
  const { report } = options;
  const { arena, ledger } = stage;
  const processes = arena.processes.map(({ name }) => name);
  const plan: Plan = {
    kills: options.kills,
    outageMs: options.outageMs,
    processes,
    servers: arena.servers.servers,
    links: linkNames(arena.links),
    leaseMs: arena.settings.LEASE_MS,
  };
  const tracks = (options.tracks ?? schedule)(plan, stage.chance.fork('schedule'));
  const settling = { ...stage, patienceMs: options.patienceMs ?? PATIENCE_MS };
  const { orders, ahead = AHEAD, onSample } = options;
  const stuck = await underLoad({ ...settling, tracks, plan, orders, ahead, report, onSample });
  report('reading the stores, row by row');
  // Before anything is published again: that would mend what was lost.
  const checks = await checkAll({ ...stage, stuck });
  // What is broken already is left as it is, for people to look at.
  const calm = checks.every(holds) ? await inTheCalm(settling, options) : [];
  // Faults that were given are the whole of what was asked for.
  const hits = options.tracks === undefined ? [faultsHit(processes, options.kills, ledger.happenings)] : [];
  return { ledger, checks: [...checks, ...calm, ...hits], tracks };
}

/** What must hold when nothing is broken any more, and copies of everything come. */
async function inTheCalm(settling: Stage & SettleOptions, { report }: DrillOptions): Promise<CheckResult[]> {
  report('publishing everything again');
  const again = await publishedAgain(settling);
  report('sending dead letters back among late copies');
  const stuck = await redriveAmongLateCopies(settling);
  report('reading the stores once more');
  return [again, redriven(await checkAll({ ...settling, stuck }))];
}
