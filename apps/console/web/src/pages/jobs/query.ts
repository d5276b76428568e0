import { infiniteQueryOptions } from '@tanstack/react-query';
import { answerOf, api } from '../../api/client.ts';
import { pageByPage } from '../../list/list-page.ts';
import { given } from '../../url/given.ts';

/** All jobs, the latest first. */
export const jobsQuery = infiniteQueryOptions({
  queryKey: ['jobs'],
  queryFn: ({ pageParam, signal }) =>
    answerOf(api.GET('/v0/jobs', { signal, params: { query: given({ cursor: pageParam }) } })),
  ...pageByPage,
  refetchInterval: 5_000,
});
