import { queryOptions } from '@tanstack/react-query';
import type { Overview } from './answers.ts';
import { answerOf, api } from './client.ts';

/** Everything at a glance. The stream renews it; it is asked once, for the first look. */
export const overviewQuery = queryOptions({
  queryKey: ['overview'],
  queryFn: ({ signal }) => answerOf(api.GET('/v0/overview', { signal })),
  staleTime: Infinity,
});

/** The charts' last 15 minutes, kept by the server. */
export const seriesQuery = queryOptions({
  queryKey: ['overview', 'history'],
  queryFn: ({ signal }) => answerOf(api.GET('/v0/overview/history', { signal })),
  staleTime: Infinity,
});

/** Since when the stream is cut; null while it flows. */
export const streamQuery = queryOptions<{ cutSince: string | null }>({
  queryKey: ['overview', 'stream'],
  queryFn: () => ({ cutSince: null }),
  staleTime: Infinity,
});

/** The servers and apps that are down. Pure. */
export const downIn = (overview: Overview | undefined): Overview['servers'] =>
  overview?.servers.filter(({ state }) => state === 'down') ?? [];
