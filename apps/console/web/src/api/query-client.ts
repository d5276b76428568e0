import { QueryCache, QueryClient } from '@tanstack/react-query';
import { downIn, OVERVIEW } from './overview.ts';
import type { Overview } from './answers.ts';
import { Problem } from './problem.ts';
import { sessionQuery } from './session.ts';

const is = (error: Error, test: (status: number) => boolean) => error instanceof Problem && test(error.status);

/**
 * What is asked again by itself at once: only what may be different the next time. Not while a server is known to be down:
 * the problem is shown without delay, and everything is asked again when that server is back.
 */
const mayPass = (error: Error) =>
  is(error, (status) => status === 0 || status >= 500) &&
  queryClient
    .getQueriesData<Overview>({ queryKey: [OVERVIEW, 'now'] })
    .every(([, overview]) => downIn(overview).length === 0);

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    // A session that ended: the shell asks who one is, and leads to the sign-in page.
    onError: (error, { queryHash }) => {
      const isSession = queryHash === JSON.stringify(sessionQuery.queryKey);
      if (is(error, (status) => status === 401) && !isSession) void queryClient.invalidateQueries(sessionQuery);
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) => failures < 2 && mayPass(error),
      retryDelay: (attempt) => Math.min(500 * 2 ** attempt, 5_000),
    },
  },
});
