import { infiniteQueryOptions } from '@tanstack/react-query';
import { answerOf, api } from '../../api/client.ts';
import { pageByPage } from '../../list/list-page.ts';
import { given } from '../../url/given.ts';
import type { AttemptsSearch } from './search.ts';

/** The attempts that a search finds, page by page. */
export const attemptsQuery = (pipeline: string, search: AttemptsSearch) =>
  infiniteQueryOptions({
    queryKey: [pipeline, 'attempts', search],
    queryFn: ({ pageParam, signal }) => pageOf(pipeline, search, signal, pageParam),
    ...pageByPage,
  });

/** Whether there is something newer. */
export const attemptsNews = (pipeline: string, search: AttemptsSearch) => ({
  queryKey: attemptsQuery(pipeline, search).queryKey,
  firstPage: (signal: AbortSignal) => pageOf(pipeline, search, signal),
});

function pageOf(pipeline: string, { attempt, ...search }: AttemptsSearch, signal: AbortSignal, cursor?: string) {
  const number = attempt === undefined ? undefined : Number(attempt);
  const params = { path: { pipeline }, query: given({ ...search, attempt: number, cursor }) };
  return answerOf(api.GET('/v0/pipelines/{pipeline}/attempts', { signal, params }));
}
