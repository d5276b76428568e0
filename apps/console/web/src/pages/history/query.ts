import { infiniteQueryOptions } from '@tanstack/react-query';
import { answerOf, api } from '../../api/client.ts';
import { pageByPage } from '../../list/list-page.ts';
import { given } from '../../url/given.ts';
import type { HistorySearch } from './search.ts';

/** Who did what, the latest first. */
export const historyQuery = (pipeline: string, search: HistorySearch) =>
  infiniteQueryOptions({
    queryKey: [pipeline, 'history', search],
    queryFn: ({ pageParam, signal }) => {
      const params = { path: { pipeline }, query: { ...given(search), ...given({ cursor: pageParam }) } };
      return answerOf(api.GET('/v0/pipelines/{pipeline}/history', { signal, params }));
    },
    ...pageByPage,
  });
