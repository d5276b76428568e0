import { queryOptions, useQuery } from '@tanstack/react-query';
import { answerOf, api } from './client.ts';
import { Problem } from './problem.ts';

/** Who is signed in, and what they may do. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) => answerOf(api.GET('/v0/session', { signal })),
  staleTime: 60_000,
});

/** Whether the server says that nobody is signed in. Pure. */
export const isSignedOut = (error: Error | null): boolean => error instanceof Problem && error.status === 401;

/** Whether whoever looks at this page may act; nobody may before that is known. */
export function useMayAct(): boolean {
  return useQuery(sessionQuery).data?.role === 'operator';
}
