import type { Answer } from '../../api/answers.ts';
import type { Tone } from '../../feedback/State.tsx';
import { count } from '../../format/number.ts';

export type BooksRun = Answer<'/v0/pipelines/{pipeline}/books/{id}'>;
export type BooksReport = NonNullable<BooksRun['report']>;
export type BookClass = BooksReport['classes'][number];

/** What came out, in a word or two. Pure. */
export function verdictOf({ state, report }: Pick<BooksRun, 'state' | 'report'>): {
  readonly tone: Tone;
  readonly words: string;
} {
  if (state === 'running') return { tone: 'busy', words: 'running' };
  if (state !== 'finished' || report === null) return { tone: 'bad', words: state };
  if (!report.adds_up) return { tone: 'bad', words: 'does not add up' };
  return { tone: 'good', words: report.is_at_rest ? 'all at rest' : 'adds up' };
}

/** How many items of all origins are in a class. Pure. */
export const countIn = ({ origins }: Pick<BooksReport, 'origins'>, name: string): number =>
  origins.reduce((sum, { counts }) => sum + (counts[name] ?? 0), 0);

/** How many items were accepted, of all origins. Pure. */
export const acceptedIn = ({ origins }: Pick<BooksReport, 'origins'>): number =>
  origins.reduce((sum, { accepted }) => sum + accepted, 0);

/** How many items must be looked at. Pure. */
export const wrongIn = ({ problems }: Pick<BooksReport, 'problems'>): number =>
  problems.reduce((sum, problem) => sum + problem.count, 0);

/** `2 lost: handed over, and nowhere`, a line each. Pure. */
export const problemLines = ({ problems }: Pick<BooksReport, 'problems'>): string[] =>
  problems.map(({ count: n, what }) => `${count(n)} ${what}`);

/** The classes whose items are listed one by one: those that do not add up. Pure. */
export const listedOf = ({ classes }: Pick<BooksReport, 'classes'>): BookClass[] =>
  classes.filter(({ kind }) => kind === 'fault' || kind === 'stray');
