import { pagesOf } from '../shell/navigation.ts';
import type { Pipeline } from './query.ts';

/** The pipeline that a path is of; undefined where its name is none. Pure. */
export const pipelineAt = (path: string, pipelines: readonly Pipeline[]): Pipeline | undefined =>
  pipelines.find(({ name }) => name === segmentsOf(path)[0]);

/** What began a path when there was one pipeline: all of it was of orders. */
const MOVED = ['messages', 'dead-letters', 'reconciliation', 'history'];

/** Where a page of then is now, for bookmarks; undefined for any other path. Pure. */
export function movedTo(path: string): string | undefined {
  const [first = ''] = segmentsOf(path);
  return MOVED.includes(first) ? `/orders${path}` : undefined;
}

/** The page of another pipeline that shows the same as this one: its overview where it has none like it. Pure. */
export function sameIn(path: string, pipeline: Pick<Pipeline, 'name' | 'parts'>): string {
  const [, page = ''] = segmentsOf(path);
  const there = `/${pipeline.name}/${page}`;
  return pagesOf(pipeline).some(({ to }) => to === there) ? there : `/${pipeline.name}`;
}

const segmentsOf = (path: string): string[] => path.split('/').slice(1);
