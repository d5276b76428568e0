import { withConnections, type Connections } from '../connections.ts';
import { publishedAgain } from './again.ts';
import { openArena, type Arena, type ArenaOptions } from './arena.ts';
import { chanceOf, type Chance } from './chance.ts';
import { checkAll } from './checks/all.ts';
import { faultsHit } from './checks/ends.ts';
import type { CheckResult } from './checks/result.ts';
import { conduct, together, type Conduct } from './conduct.ts';
import { openHand, type Hand } from './hand.ts';
import { Ledger, type Sample } from './ledger.ts';
import { linkNames } from './links.ts';
import { load } from './load/load.ts';
import { planLoad } from './load/parts.ts';
import { redriveAmongLateCopies } from './rounds.ts';
import { keepRunning } from './runs.ts';
import { schedule, type Plan, type Track } from './schedule.ts';
import { sampleUntil, settled } from './watch.ts';

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

/** Nothing may stand still for longer, in milliseconds, once all faults have passed. */
const PATIENCE_MS = 90_000;
/** Parts of a load: enough of them for each fault to find some work. */
const PARTS = 150;

/** Everything that a phase of a drill works with. */
interface Stage {
  readonly arena: Arena;
  readonly connections: Connections;
  readonly hand: Hand;
  readonly ledger: Ledger;
  readonly chance: Chance;
  readonly signal: AbortSignal;
}

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
  report(`injecting ${tracks.reduce((sum, { steps }) => sum + steps.length, 0)} faults under load`);
  const outOfTime = await faultsUnderLoad(tracks, plan, options, stage);
  report('all faults have passed; waiting until nothing moves any more');
  const settling = { ...stage, patienceMs: PATIENCE_MS };
  let stuck = outOfTime ?? (await whileRunning(stage, () => settled(settling)));
  const calm: CheckResult[] = [];
  if (stuck === undefined) {
    report('publishing everything again');
    calm.push(await publishedAgain(settling));
    report('sending dead letters back among late copies');
    stuck = await redriveAmongLateCopies(settling);
  }
  report('reading the stores, row by row');
  const checks = [...(await checkAll({ ...stage, stuck })), ...calm];
  // Faults that were given are the whole of what was asked for.
  const hits = options.tracks === undefined ? [faultsHit(processes, options.kills, ledger.happenings)] : [];
  return { ledger, checks: [...checks, ...hits], tracks };
}

type Progress = ReturnType<Conduct['progress']>;

/** Load, runs and faults side by side, until the last fault has passed and the last part is in. */
async function faultsUnderLoad(
  tracks: readonly Track[],
  plan: Plan,
  options: DrillOptions,
  stage: Stage,
): Promise<string | undefined> {
  const { chance, connections, ledger } = stage;
  const limitMs = 150_000 + plan.servers.length * plan.outageMs + plan.kills * 60_000;
  const over = AbortSignal.timeout(limitMs);
  const systems = connections.systems.map(({ name }) => name) as [string, ...string[]];
  const parts = planLoad({ orders: options.orders, parts: PARTS, systems }, chance.fork('load'));
  let faults: Conduct | undefined;
  const progress = () => faults?.progress() ?? { passed: 0, total: 1 };
  const work = () =>
    together(AbortSignal.any([options.signal, over]), (signal) => {
      faults = conduct(tracks, { ...stage, chance: chance.fork('faults'), signal });
      return [faults.done, load({ ...stage, parts, faultsPassed: () => fractionOf(progress()), signal })];
    });
  try {
    await whileRunning(stage, () => whileSampling(stage, options, progress, work));
    return undefined;
  } catch (error) {
    options.signal.throwIfAborted();
    if (!over.aborted) throw error;
    const { passed, total } = progress();
    const last = ledger.happenings.at(-1)?.what ?? 'none';
    return `Only ${passed} of ${total} faults could be made to happen within ${limitMs / 1000} s; the last one: ${last}`;
  }
}

function fractionOf({ passed, total }: Progress): number {
  return total === 0 ? 1 : passed / total;
}

/** Keeps every system publishing while `work` goes on. */
async function whileRunning<T>(stage: Stage, work: () => Promise<T>): Promise<T> {
  const over = new AbortController();
  const signal = AbortSignal.any([stage.signal, over.signal]);
  const runs = keepRunning({ ...stage, chance: stage.chance.fork('runs'), signal });
  try {
    return await work();
  } finally {
    over.abort();
    await runs;
  }
}

async function whileSampling<T>(
  { connections, ledger }: Stage,
  { onSample }: DrillOptions,
  progress: () => Progress,
  work: () => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const sampling = sampleUntil(connections, ledger, (sample) => { onSample(sample, progress()); }, over.signal); // prettier-ignore
  try {
    return await work();
  } finally {
    over.abort();
    await sampling;
  }
}
