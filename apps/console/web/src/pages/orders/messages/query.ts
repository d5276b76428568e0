import { infiniteQueryOptions } from '@tanstack/react-query';
import { answerOf, api } from '../../../api/client.ts';
import { pageByPage } from '../../../list/list-page.ts';
import { given } from '../../../url/given.ts';
import type { MessagesSearch } from './search.ts';

/** The messages that a search finds, page by page. */
export const messagesQuery = (search: MessagesSearch) =>
  infiniteQueryOptions({
    queryKey: ['messages', search],
    queryFn: ({ pageParam, signal }) => pageOf(search, signal, pageParam),
    ...pageByPage,
  });

/** Whether there is something newer. */
export const messagesNews = (search: MessagesSearch) => ({
  queryKey: messagesQuery(search).queryKey,
  firstPage: (signal: AbortSignal) => pageOf(search, signal),
});

function pageOf({ attempt, ...search }: MessagesSearch, signal: AbortSignal, cursor?: string) {
  const number = attempt === undefined ? undefined : Number(attempt);
  const query = given({ ...search, attempt: number, cursor });
  return answerOf(api.GET('/v0/pipelines/orders/messages', { signal, params: { query } }));
}
