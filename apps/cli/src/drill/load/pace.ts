/** What is known when the next part might be released. Fractions are of 1. */
export interface Pace {
  readonly partsReleased: number;
  readonly faultsPassed: number;
  /** Rows that are in a source and not at rest. */
  readonly backlog: number;
}

/** A backlog of fewer rows leaves processes without work, and the faults that wait for work without a moment. */
const STARVING_ROWS = 25;

/** The load must last as long as the faults: a part as faults pass, a few rows where everything else is at rest. */
export function nextRelease({ partsReleased, faultsPassed, backlog }: Pace): 'part' | 'few rows' | 'wait' {
  if (partsReleased < 1 && (partsReleased <= faultsPassed || faultsPassed >= 1)) return 'part';
  return backlog < STARVING_ROWS && faultsPassed < 1 ? 'few rows' : 'wait';
}
