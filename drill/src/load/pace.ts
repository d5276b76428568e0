/** What is known when the next part might be released. Fractions are of 1. */
export interface Pace {
  readonly partsReleased: number;
  readonly faultsPassed: number;
  /** Rows that are in a source and not at rest. */
  readonly backlog: number;
  /** Rows of the whole load. */
  readonly orders: number;
  /** How much of the load may be ahead of the faults. */
  readonly ahead: number;
}

/** A backlog of fewer rows leaves processes without work, and the faults that wait for work without a moment. */
const STARVING_ROWS = 25;

/** A backlog of more rows is pressure enough: a small load is to last, a large one is to press. */
const LEAST_PRESSURE_ROWS = 600;
const PRESSURE_OF_LOAD = 0.05;

/** The load must last as long as the faults: parts as faults pass, a few rows where everything else is at rest. */
export function nextRelease({
  partsReleased,
  faultsPassed,
  backlog,
  orders,
  ahead,
}: Pace): 'part' | 'few rows' | 'wait' {
  if (faultsPassed >= 1) return partsReleased < 1 ? 'part' : 'wait';
  const pressure = Math.max(LEAST_PRESSURE_ROWS, orders * PRESSURE_OF_LOAD);
  if (partsReleased < Math.min(1, faultsPassed + ahead) && backlog < pressure) return 'part';
  return backlog < STARVING_ROWS ? 'few rows' : 'wait';
}
