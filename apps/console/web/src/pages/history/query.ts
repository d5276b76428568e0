import { infiniteQueryOptions } from '@tanstack/react-query';
import { answerOf, api } from '../../api/client.ts';
import { pageByPage } from '../../list/list-page.ts';
import { given } from '../../url/given.ts';
import type { HistorySearch } from './search.ts';

/** Who did what, the latest first. */
export const historyQuery = (search: HistorySearch) =>
  infiniteQueryOptions({
    queryKey: ['history', search],
    queryFn: ({ pageParam, signal }) =>
      answerOf(
        api.GET('/v0/history', { signal, params: { query: { ...given(search), ...given({ cursor: pageParam }) } } }),
      ),
    ...pageByPage,
  });
