/** How much may be sent now, or how long to wait until something may. */
export type Allowance = { readonly count: number } | { readonly waitMs: number };

/** The part of a second's worth that is sent at once, so that a rate is smooth and a batch worth its round trips. */
const PORTION = 0.2;

/** Holds a rate: what was not used while waiting for something else is not caught up on. Time is an argument. */
export interface Pace {
  /** At most `most`; the caller says by `spend` what it has used. */
  allow(most: number, now: number): Allowance;
  spend(count: number): void;
}

/** @param ratePerSecond null: as fast as it goes */
export function paceOf(ratePerSecond: number | null, now: number): Pace {
  if (ratePerSecond === null) return { allow: (most) => ({ count: most }), spend: () => undefined };
  const portion = Math.max(1, ratePerSecond * PORTION);
  let saved = 1;
  let savedAt = now;
  return {
    allow(most, at) {
      saved = Math.min(2 * portion, saved + ((at - savedAt) * ratePerSecond) / 1000);
      savedAt = at;
      const wanted = Math.min(most, portion);
      if (saved < Math.floor(wanted))
        return { waitMs: Math.ceil(((Math.floor(wanted) - saved) / ratePerSecond) * 1000) };
      return { count: Math.min(most, Math.floor(saved)) };
    },
    spend(count) {
      saved -= count;
    },
  };
}

/** How often the broker is asked at most, in milliseconds. */
const ASK_EVERY_MS = 250;

/** Knows how deep lanes are, asking now and then and counting in between. */
export interface DepthGate {
  /** Whether more may be sent to a lane now. */
  isOpen(lane: string, now: number): Promise<boolean>;
  /** Another message is on its way to a lane. */
  sent(lane: string): void;
}

/** @param maxDepth nothing is sent to a lane while it holds more */
export function depthGate(depth: (lane: string) => Promise<number>, maxDepth: (lane: string) => number): DepthGate {
  const lanes = new Map<string, { depth: number; readonly askedAt: number }>();
  return {
    async isOpen(lane, now) {
      let known = lanes.get(lane);
      if (known === undefined || now - known.askedAt >= ASK_EVERY_MS) {
        known = { depth: await depth(lane), askedAt: now };
        lanes.set(lane, known);
      }
      return known.depth <= maxDepth(lane);
    },
    sent(lane) {
      const known = lanes.get(lane);
      if (known !== undefined) known.depth += 1;
    },
  };
}
