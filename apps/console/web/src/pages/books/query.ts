import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { answerOf, api } from '../../api/client.ts';
import { pageByPage } from '../../list/list-page.ts';
import { given } from '../../url/given.ts';

/** The books of a pipeline each time they were made up, the latest first. */
export const booksQuery = (pipeline: string) =>
  infiniteQueryOptions({
    queryKey: [pipeline, 'books'],
    queryFn: ({ pageParam, signal }) => {
      const params = { path: { pipeline }, query: given({ cursor: pageParam }) };
      return answerOf(api.GET('/v0/pipelines/{pipeline}/books', { signal, params }));
    },
    ...pageByPage,
    refetchInterval: 5_000,
  });

/** The books at one time, asked again while they are made up. */
export const booksRunQuery = (pipeline: string, id: string) =>
  queryOptions({
    queryKey: [pipeline, 'books', id],
    queryFn: ({ signal }) =>
      answerOf(api.GET('/v0/pipelines/{pipeline}/books/{id}', { signal, params: { path: { pipeline, id } } })),
    refetchInterval: ({ state: { data } }) => (data === undefined || data.state === 'running' ? 500 : false),
  });

/** Begins to make them up. Rejects with a `Problem`, also while that is under way. */
export const makeUpBooks = (pipeline: string) =>
  answerOf(api.POST('/v0/pipelines/{pipeline}/books', { params: { path: { pipeline } } }));
