/** How often the broker is asked at most, in milliseconds. */
const ASK_EVERY_MS = 250;

/** Knows how deep a lane is, asking now and then and counting in between. */
export interface DepthGate {
  /** Whether `count` more may be sent now. */
  isOpen(count: number, now: number): Promise<boolean>;
}

/** @param maxDepth `MAX_LANE_DEPTH`: nothing is sent while the lane holds more */
export function depthGate(depth: () => Promise<number>, maxDepth: number): DepthGate {
  let known = 0;
  let askedAt = -Infinity;
  return {
    async isOpen(count, now) {
      if (now - askedAt >= ASK_EVERY_MS) {
        known = await depth();
        askedAt = now;
      }
      if (known > maxDepth) return false;
      known += count;
      return true;
    },
  };
}
