import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { answerOf, api } from '../../api/client.ts';
import { pageByPage } from '../../list/list-page.ts';
import { given } from '../../url/given.ts';
import type { DeadLettersSearch } from './search.ts';

/** The open dead letters by reason and error. */
export const groupsQuery = (pipeline: string) =>
  queryOptions({
    queryKey: [pipeline, 'dead-letters', 'groups'],
    queryFn: ({ signal }) =>
      answerOf(api.GET('/v0/pipelines/{pipeline}/dead-letters/groups', { signal, params: { path: { pipeline } } })),
    refetchInterval: 5_000,
  });

/** The dead letters of a filter, page by page. */
export const deadLettersQuery = (pipeline: string, search: DeadLettersSearch) =>
  infiniteQueryOptions({
    queryKey: [pipeline, 'dead-letters', 'list', search],
    queryFn: ({ pageParam, signal }) => pageOf(pipeline, search, signal, pageParam),
    ...pageByPage,
  });

/** Whether there is something newer; undefined where the newest does not come first. */
export const deadLettersNews = (pipeline: string, search: DeadLettersSearch) =>
  search.sort === undefined || search.sort === '-dead_at'
    ? {
        queryKey: deadLettersQuery(pipeline, search).queryKey,
        firstPage: (signal: AbortSignal) => pageOf(pipeline, search, signal),
      }
    : undefined;

const pageOf = (pipeline: string, search: DeadLettersSearch, signal: AbortSignal, cursor?: string) => {
  const params = { path: { pipeline }, query: { ...given(search), ...given({ cursor }) } };
  return answerOf(api.GET('/v0/pipelines/{pipeline}/dead-letters', { signal, params }));
};
