import type { Activity } from './activity.ts';
import { pause, type Patiently } from './patience.ts';

/** How often the broker is asked about a lane at most, in milliseconds. */
const ASK_EVERY_MS = 250;

/** Lets pages through while their lanes are not too deep. */
export interface LaneGate {
  /** Resolves when so many more messages may be published, by lane. A lane of which there are none holds back nobody. */
  open(counts: ReadonlyMap<string, number>): Promise<void>;
}

/** What a gate needs. */
export interface LaneGateOptions {
  /** How many messages a lane holds. */
  readonly depth: (lane: string) => Promise<number>;
  readonly maxDepth: (lane: string) => number;
  readonly patiently: Patiently;
  readonly signal: AbortSignal;
  readonly activity: Activity;
  readonly now: () => number;
}

/**
 * Pauses publishing while a lane holds more than its `maxDepth`. The broker is asked at most four times a second; in
 * between, the gate counts what it let through as still there, so that a small limit is not overrun by fast pages.
 */
export function laneGate(options: LaneGateOptions): LaneGate {
  const gates = new Map<string, OneLane>();
  return {
    async open(counts) {
      for (const [lane, count] of counts) {
        const gate = gates.get(lane) ?? oneLane(lane, options);
        gates.set(lane, gate);
        await gate(count, gates.size === 1 ? 'the lane' : `the lane ${lane}`);
      }
      options.activity.available('lane');
    },
  };
}

/** Resolves when so many more may be published to its lane. */
type OneLane = (count: number, named: string) => Promise<void>;

function oneLane(lane: string, { depth, maxDepth, patiently, signal, activity, now }: LaneGateOptions): OneLane {
  const most = maxDepth(lane);
  let known = 0;
  let askedAt = -Infinity;
  const ask = async () => {
    const wait = askedAt + ASK_EVERY_MS - now();
    if (wait > 0) await pause(wait, signal);
    known = await patiently('broker', () => depth(lane));
    askedAt = now();
  };
  return async (count, named) => {
    if (known > most || now() - askedAt >= ASK_EVERY_MS) await ask();
    while (known > most) {
      activity.waitFor('lane', `${named} to drain: it holds ${known} messages, publishing goes on at ${most}`);
      await ask();
    }
    known += count;
  };
}
