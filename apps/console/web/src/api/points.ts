import type { Answer, Point } from './answers.ts';

type Series = Answer<'/v0/overview/history'>;

const WINDOW_MS = 15 * 60_000;

/** The series with a point that the stream has just told, no longer than 15 minutes. Pure. */
export function withPoint(series: Series, point: Point): Series {
  const oldest = Date.parse(point.at) - WINDOW_MS;
  const kept = series.points.filter(({ at }) => at < point.at && Date.parse(at) >= oldest);
  return { ...series, points: [...kept, point] };
}
