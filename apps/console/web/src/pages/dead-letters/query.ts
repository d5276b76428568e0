import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { answerOf, api } from '../../api/client.ts';
import { pageByPage } from '../../list/list-page.ts';
import { given } from '../../url/given.ts';
import type { DeadLettersSearch } from './search.ts';

/** The open dead letters by reason and error. */
export const groupsQuery = queryOptions({
  queryKey: ['dead-letters', 'groups'],
  queryFn: ({ signal }) => answerOf(api.GET('/v0/dead-letters/groups', { signal })),
  refetchInterval: 5_000,
});

/** The dead letters of a filter, page by page. */
export const deadLettersQuery = (search: DeadLettersSearch) =>
  infiniteQueryOptions({
    queryKey: ['dead-letters', 'list', search],
    queryFn: ({ pageParam, signal }) => pageOf(search, signal, pageParam),
    ...pageByPage,
  });

/** Whether there is something newer; undefined where the newest does not come first. */
export const deadLettersNews = (search: DeadLettersSearch) =>
  search.sort === undefined || search.sort === '-dead_at'
    ? {
        queryKey: deadLettersQuery(search).queryKey,
        firstPage: (signal: AbortSignal) => pageOf(search, signal),
      }
    : undefined;

const pageOf = (search: DeadLettersSearch, signal: AbortSignal, cursor?: string) =>
  answerOf(api.GET('/v0/dead-letters', { signal, params: { query: { ...given(search), ...given({ cursor }) } } }));
