import { queryOptions, skipToken } from '@tanstack/react-query';
import type { Overview } from './answers.ts';
import { answerOf, api } from './client.ts';

/** What the keys of all of these begin with. */
export const OVERVIEW = 'overview';

/**
 * Everything of a pipeline at a glance. The stream renews it; it is asked once, for the first look.
 *
 * @param pipeline undefined as long as it is not known
 */
export const overviewQuery = (pipeline: string | undefined) =>
  queryOptions({
    queryKey: [OVERVIEW, 'now', pipeline],
    queryFn:
      pipeline === undefined
        ? skipToken
        : ({ signal }) =>
            answerOf(api.GET('/v0/pipelines/{pipeline}/overview', { signal, params: { path: { pipeline } } })),
    staleTime: Infinity,
  });

/** The last 15 minutes of a pipeline's charts, kept by the server. */
export const seriesQuery = (pipeline: string) =>
  queryOptions({
    queryKey: [OVERVIEW, 'history', pipeline],
    queryFn: ({ signal }) =>
      answerOf(api.GET('/v0/pipelines/{pipeline}/overview/history', { signal, params: { path: { pipeline } } })),
    staleTime: Infinity,
  });

/** Since when the stream is cut; null while it flows. */
export const streamQuery = queryOptions<{ cutSince: string | null }>({
  queryKey: [OVERVIEW, 'stream'],
  queryFn: () => ({ cutSince: null }),
  staleTime: Infinity,
});

/** The servers and apps that are down. Pure. */
export const downIn = (overview: Overview | undefined): Overview['servers'] =>
  overview?.servers.filter(({ state }) => state === 'down') ?? [];
