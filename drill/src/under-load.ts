import { conduct, together, type Conduct } from './conduct.ts';
import type { Sample } from './ledger.ts';
import { load } from './load/load.ts';
import { planLoad } from './load/parts.ts';
import { keepRunning } from './runs.ts';
import type { Plan, Track } from './schedule.ts';
import type { Stage } from './stage.ts';
import { sampleUntil, settled } from './watch.ts';

/** How many faults have passed, of how many. */
export type Progress = ReturnType<Conduct['progress']>;

/** What the faults and the load are made of. */
export interface LoadedFaults extends Stage {
  readonly tracks: readonly Track[];
  readonly plan: Plan;
  readonly orders: number;
  /** How much of the load may be ahead of the faults, of 1. */
  readonly ahead: number;
  /** How long nothing may move in the end, in milliseconds. */
  readonly patienceMs: number;
  readonly onSample: (sample: Sample, progress: Progress) => void;
  readonly report: (line: string) => void;
}

/** Parts of a load: enough of them for each fault to find some work. */
const PARTS = 150;

/**
 * Load, runs and faults side by side, until the last fault has passed, the last part is in, and nothing moves any more.
 * A text says what did not come to its end.
 */
export async function underLoad(options: LoadedFaults): Promise<string | undefined> {
  const { connections, ledger, chance, signal, onSample, report } = options;
  let faults: Conduct | undefined;
  const progress = () => faults?.progress() ?? { passed: 0, total: 1 };
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  const beside = [
    keepRunning({ ...options, chance: chance.fork('runs'), signal: until }),
    sampleUntil(connections, ledger, (sample) => { onSample(sample, progress()); }, until), // prettier-ignore
  ];
  try {
    const outOfTime = await inject(options, (conducted) => (faults = conducted), progress);
    if (outOfTime !== undefined) return outOfTime;
    report('all faults have passed; waiting until nothing moves any more');
    return await settled(options);
  } finally {
    over.abort();
    await Promise.all(beside);
  }
}

/** Injects all faults while the load comes in. A text says which of them could not be made to happen in time. */
async function inject(
  options: LoadedFaults,
  begun: (faults: Conduct) => void,
  progress: () => Progress,
): Promise<string | undefined> {
  const { tracks, plan, orders, chance, connections, ledger, report } = options;
  const limitMs = 150_000 + plan.servers.length * plan.outageMs + plan.kills * 60_000;
  const over = AbortSignal.timeout(limitMs);
  const systems = connections.systems.map(({ name }) => name) as [string, ...string[]];
  const parts = planLoad({ orders, parts: PARTS, systems }, chance.fork('load'));
  report(`injecting ${tracks.reduce((sum, { steps }) => sum + steps.length, 0)} faults under load`);
  try {
    await together(AbortSignal.any([options.signal, over]), (signal) => {
      const faults = conduct(tracks, { ...options, chance: chance.fork('faults'), signal });
      begun(faults);
      return [faults.done, load({ ...options, parts, faultsPassed: () => fractionOf(progress()), signal })];
    });
    return undefined;
  } catch (error) {
    options.signal.throwIfAborted();
    if (!over.aborted) throw error;
    const { passed, total } = progress();
    const last = ledger.happenings.at(-1)?.what ?? 'none';
    return `Only ${passed} of ${total} faults could be made to happen within ${limitMs / 1000} s; the last one: ${last}`;
  }
}

const fractionOf = ({ passed, total }: Progress): number => (total === 0 ? 1 : passed / total);
