import type { Answer } from '../../../api/answers.ts';
import type { Tone } from '../../../feedback/State.tsx';
import { count, percent } from '../../../format/number.ts';

export type Report = Answer<'/v0/pipelines/orders/reconciliations/{id}'>;
export type Summary = Answer<'/v0/pipelines/orders/reconciliations'>['items'][number];
export type Day = Report['days'][number];
export type RowClass = keyof Day['classes'];

/** Where a row can be, in the order in which it is shown; what must not be stands last. */
export const CLASSES = [
  'stored',
  'dead',
  'discarded',
  'in-flight',
  'not-yet-published',
  'archived',
  'missing',
  'orphan',
  'differs',
] as const satisfies readonly RowClass[];

/** What a class means, for those who see it for the first time. */
export const MEANINGS: Record<RowClass, string> = {
  stored: 'in the endput',
  dead: 'an open dead letter',
  discarded: 'a dead letter that was given up',
  'in-flight': 'in a queue or with a consumer',
  'not-yet-published': 'beyond the cursor',
  archived: 'in the endput, and archived at its source, as somebody said',
  missing: 'in none of these: it can be published again',
  orphan: 'in the endput without a row in the source',
  differs: 'in both, with other contents',
};

type Judged = Pick<Summary, 'state' | 'is_consistent' | 'is_at_rest'>;

/** What came out, in a word or two. Pure. */
export function verdictOf({ state, is_consistent, is_at_rest }: Judged): {
  readonly tone: Tone;
  readonly words: string;
} {
  if (state === 'running') return { tone: 'busy', words: 'running' };
  if (state !== 'finished') return { tone: 'bad', words: state };
  if (is_consistent !== true) return { tone: 'bad', words: 'not consistent' };
  return is_at_rest === true ? { tone: 'good', words: 'all at rest' } : { tone: 'good', words: 'consistent' };
}

/** The sum of a class, or of the rows, over all systems. Pure. */
export const sumOf = (systems: Summary['systems'], what: RowClass | 'rows'): number =>
  systems.reduce((sum, { rows, classes }) => sum + (what === 'rows' ? rows : classes[what]), 0);

/** What must be looked at: rows that are missing, orphaned or different. Pure. */
export const wrongOf = (systems: Summary['systems']): number =>
  sumOf(systems, 'missing') + sumOf(systems, 'orphan') + sumOf(systems, 'differs');

/** Whether a day has rows that must be looked at. Pure. */
export const hasFaults = ({ classes }: Pick<Day, 'classes'>): boolean =>
  classes.missing + classes.orphan + classes.differs > 0;

/** How far a running one is. Pure. */
export function progressText({ phase, system, rows, estimate }: Summary['progress']): string {
  const read = `${count(rows)} of about ${count(estimate)} rows read`;
  if (phase === 'checking') return `${read}; what looked wrong is looked at again`;
  if (phase === 'waiting') return `${read}; waiting for RabbitMQ to count again`;
  const share = estimate === 0 ? '' : ` (${percent(Math.min(1, rows / estimate))})`;
  return `${read}${share}${system === null ? '' : `, now of ${system}`}`;
}
