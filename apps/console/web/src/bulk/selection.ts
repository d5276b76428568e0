import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { Answer, Body } from '../api/answers.ts';
import { answerOf, api } from '../api/client.ts';

const PREVIEW = '/v0/pipelines/{pipeline}/dead-letters/preview';

export type Selection = Body<typeof PREVIEW>['selection'];
export type BulkAction = Body<typeof PREVIEW>['action'];
export type Preview = Answer<typeof PREVIEW, 'post'>;

/**
 * What an action would mean. Nothing changes by asking. Of how a redrive is done only this is asked along: whether it may
 * stop itself. The rest changes nothing of the answer, so that nobody asks again while somebody types.
 */
export const previewQuery = (pipeline: string, action: BulkAction, selection: Selection, mayStopItself: boolean) =>
  queryOptions({
    queryKey: [pipeline, 'preview', action, selection, mayStopItself],
    queryFn: ({ signal }) =>
      answerOf(
        api.POST(PREVIEW, {
          signal,
          params: { path: { pipeline } },
          body: { action, selection, stop_at_failed_share: mayStopItself ? 0 : 1 },
        }),
      ),
    staleTime: 0,
    gcTime: 0,
    placeholderData: keepPreviousData,
  });
