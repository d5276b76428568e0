/** What must hold, and whether it does. */
export interface CheckResult {
  /** The guarantee, in a sentence. */
  readonly guarantee: string;
  /** How it was checked: what was read, and what was compared. */
  readonly how: string;
  /** Rows, messages or documents that were looked at. */
  readonly looked: number;
  /** What breaks it, a line each; nothing where it holds. The first of them only. */
  readonly problems: readonly string[];
  /** How many problems there are. */
  readonly broken: number;
}

/** Problems that are named; the others are counted. */
const NAMED = 20;

/** A result from all problems found. */
export function resultOf(
  { guarantee, how }: Pick<CheckResult, 'guarantee' | 'how'>,
  looked: number,
  problems: readonly string[],
): CheckResult {
  return { guarantee, how, looked, problems: problems.slice(0, NAMED), broken: problems.length };
}

/** Whether a guarantee held. */
export function holds({ broken }: CheckResult): boolean {
  return broken === 0;
}
