import type { Answer, Overview, Point } from './answers.ts';

type Series = Answer<'/v0/overview/history'>;

const WINDOW_MS = 15 * 60_000;

/** The series with what the stream has just told, no denser than the server keeps it, no longer than 15 minutes. Pure. */
export function withPoint(series: Series, overview: Overview): Series {
  const now = Date.parse(overview.at);
  const last = series.points.at(-1);
  if (last !== undefined && now - Date.parse(last.at) < series.every_seconds * 1_000) return series;
  const kept = series.points.filter(({ at }) => now - Date.parse(at) <= WINDOW_MS);
  return { ...series, points: [...kept, pointOf(overview)] };
}

function pointOf({ at, systems, attempts, queues, dead_letters, row_to_rest, consumers }: Overview): Point {
  const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0);
  return {
    at,
    systems: Object.fromEntries(
      systems.map(({ name, behind, published_per_second }) => [
        name,
        { behind: behind?.rows ?? null, published_per_second },
      ]),
    ),
    attempts: attempts.per_second,
    ready: sum(queues.lanes.map(({ ready }) => ready)),
    waiting: sum(queues.waiting.map(({ messages }) => messages)),
    dead_letters: dead_letters.open,
    p50_ms: row_to_rest.p50_ms,
    p99_ms: row_to_rest.p99_ms,
    consumers_up: consumers.filter(({ state }) => state === 'working' || state === 'idle').length,
  };
}
