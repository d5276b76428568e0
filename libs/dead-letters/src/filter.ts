import type { DeadLetterReason } from '@esteira/pipeline';
import { soughtWords } from './words.ts';

/** Where a dead letter is: open, on its way again (or superseded by a copy that was stored), or given up for good. */
export type DeadLetterState = 'dead' | 'redriven' | 'discarded';

/** Every state. */
export const DEAD_LETTER_STATES: readonly DeadLetterState[] = ['dead', 'redriven', 'discarded'];

/** Which dead letters are meant: those that all of this is true of. What is not given is not asked. */
export interface DeadLetterFilter {
  readonly state?: DeadLetterState;
  readonly reason?: DeadLetterReason;
  readonly errorCode?: string;
  readonly lane?: string;
  readonly origin?: string;
  /** Words of the error or of the body's texts: all of them, each as the beginning of a word. */
  readonly words?: string;
  /** Died at or after this time, ISO 8601. */
  readonly from?: string;
  /** Died before this time, ISO 8601. */
  readonly to?: string;
}

/** A piece of SQL, and the values of its parameters. */
export interface Fragment {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** A filter asks for something that is not known here. However long one waits, it is answered the same. */
export class UnknownFilter extends Error {
  override name = 'UnknownFilter';

  constructor(foreign: string) {
    super(
      `This release can't tell dead letters apart by ${foreign}. A later one may have asked for it: start that one, or leave it out.`,
    );
  }
}

const CONDITIONS: {
  readonly [K in keyof Required<DeadLetterFilter>]: (parameter: string) => string;
} = {
  state: (parameter) => `state = ${parameter}`,
  reason: (parameter) => `reason = ${parameter}`,
  errorCode: (parameter) => `error_code = ${parameter}`,
  // Those of a release that knew one lane say none.
  lane: (parameter) => `coalesce(lane, ${parameter}) = ${parameter}`,
  origin: (parameter) => `origin = ${parameter}`,
  words: (parameter) => `words @@ ${parameter}::tsquery`,
  from: (parameter) => `dead_at >= ${parameter}::timestamptz`,
  to: (parameter) => `dead_at < ${parameter}::timestamptz`,
};

/**
 * The condition of a filter on `dead_letters`, with parameters from `$first` on: nothing that a person wrote becomes
 * SQL. `pipeline` is always part of it. Pure.
 */
export function conditionOf(pipeline: string, filter: DeadLetterFilter, first = 1): Fragment {
  // Where it is misunderstood it must not mean everything.
  const foreign = Object.keys(filter).find((name) => !(name in CONDITIONS));
  if (foreign !== undefined) throw new UnknownFilter(foreign);
  const conditions = [`pipeline = $${first}`];
  const values: unknown[] = [pipeline];
  for (const [name, condition] of Object.entries(CONDITIONS)) {
    const value = filter[name as keyof DeadLetterFilter];
    if (value === undefined) continue;
    values.push(name === 'words' ? (soughtWords(value) ?? '') : value);
    conditions.push(condition(`$${first + values.length - 1}`));
  }
  return { sql: conditions.join(' AND '), values };
}
