import type { Answer, Point } from './answers.ts';

type Series = Answer<'/v0/pipelines/{pipeline}/overview/history'>;

const WINDOW_MS = 15 * 60_000;

/** How much sooner than the next point is due one counts as it, in milliseconds: nothing is asked to the millisecond. */
const EARLY_MS = 500;

/**
 * The series with a point that the stream has just told, no longer than 15 minutes. The last point is the one of now: it
 * is what stands in the figures, and moves on until the next is due. Pure.
 */
export function withPoint(series: Series, point: Point): Series {
  const oldest = Date.parse(point.at) - WINDOW_MS;
  const kept = series.points.filter(({ at }) => at < point.at && Date.parse(at) >= oldest);
  const [before, last] = kept.slice(-2).map(({ at }) => Date.parse(at));
  const isOfNow = before !== undefined && last !== undefined && last - before < series.every_seconds * 1_000 - EARLY_MS;
  return { ...series, points: [...(isOfNow ? kept.slice(0, -1) : kept), point] };
}
