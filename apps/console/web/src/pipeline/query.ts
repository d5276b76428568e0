import { queryOptions } from '@tanstack/react-query';
import type { Answer } from '../api/answers.ts';
import { answerOf, api } from '../api/client.ts';

/** A pipeline that runs: what it is called, its lanes, and what it has beside what all share. */
export type Pipeline = Answer<'/v0/pipelines'>['pipelines'][number];

/** Those that run; the first is shown first. They change with a restart of the console alone. */
export const pipelinesQuery = queryOptions({
  queryKey: ['pipelines'],
  queryFn: async ({ signal }) => (await answerOf(api.GET('/v0/pipelines', { signal }))).pipelines,
  staleTime: Infinity,
});
