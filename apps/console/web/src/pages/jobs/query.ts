import { infiniteQueryOptions } from '@tanstack/react-query';
import { answerOf, api } from '../../api/client.ts';
import { pageByPage } from '../../list/list-page.ts';
import { given } from '../../url/given.ts';

/** All jobs, the latest first. */
export const jobsQuery = (pipeline: string) =>
  infiniteQueryOptions({
    queryKey: [pipeline, 'jobs'],
    queryFn: ({ pageParam, signal }) => {
      const params = { path: { pipeline }, query: given({ cursor: pageParam }) };
      return answerOf(api.GET('/v0/pipelines/{pipeline}/jobs', { signal, params }));
    },
    ...pageByPage,
    refetchInterval: 5_000,
  });
