import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { Answer, Body } from '../api/answers.ts';
import { answerOf, api } from '../api/client.ts';

export type Selection = Body<'/v0/dead-letters/preview'>['selection'];
export type BulkAction = Body<'/v0/dead-letters/preview'>['action'];
export type Preview = Answer<'/v0/dead-letters/preview', 'post'>;

/**
 * What an action would mean. Nothing changes by asking. Of how a redrive is done only this is asked along: whether it may
 * stop itself. The rest changes nothing of the answer, so that nobody asks again while somebody types.
 */
export const previewQuery = (action: BulkAction, selection: Selection, mayStopItself: boolean) =>
  queryOptions({
    queryKey: ['preview', action, selection, mayStopItself],
    queryFn: ({ signal }) =>
      answerOf(
        api.POST('/v0/dead-letters/preview', {
          signal,
          body: { action, selection, stop_at_failed_share: mayStopItself ? 0 : 1 },
        }),
      ),
    staleTime: 0,
    gcTime: 0,
    placeholderData: keepPreviousData,
  });
