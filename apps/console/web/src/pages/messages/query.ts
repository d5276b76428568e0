import { infiniteQueryOptions } from '@tanstack/react-query';
import { answerOf, api } from '../../api/client.ts';
import { pageByPage } from '../../list/PagedTable.tsx';
import { given } from '../../url/given.ts';
import type { MessagesSearch } from './search.ts';

/** The messages that a search finds, page by page. */
export const messagesQuery = ({ attempt, ...search }: MessagesSearch) =>
  infiniteQueryOptions({
    queryKey: ['messages', search, attempt],
    queryFn: ({ pageParam, signal }) => {
      const number = attempt === undefined ? undefined : Number(attempt);
      const query = given({ ...search, attempt: number, cursor: pageParam });
      return answerOf(api.GET('/v0/messages', { signal, params: { query } }));
    },
    ...pageByPage,
  });
