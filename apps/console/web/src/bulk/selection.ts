import { keepPreviousData, queryOptions, skipToken } from '@tanstack/react-query';
import type { Answer, Body } from '../api/answers.ts';
import { answerOf, api } from '../api/client.ts';
import type { RedriveOptions } from './redrive-options.ts';

export type Selection = Body<'/v0/dead-letters/preview'>['selection'];
export type BulkAction = Body<'/v0/dead-letters/preview'>['action'];
export type Preview = Answer<'/v0/dead-letters/preview', 'post'>;

/** What an action would mean. Nothing changes by asking. Without options nothing is asked: what is known stays. */
export const previewQuery = (action: BulkAction, selection: Selection, options: RedriveOptions | undefined) =>
  queryOptions({
    queryKey: ['preview', action, selection, options?.stopAtFailedPercent],
    queryFn:
      options === undefined
        ? skipToken
        : ({ signal }) =>
            answerOf(
              api.POST('/v0/dead-letters/preview', {
                signal,
                body: { action, selection, stop_at_failed_share: options.stopAtFailedPercent / 100 },
              }),
            ),
    staleTime: 0,
    gcTime: 0,
    placeholderData: keepPreviousData,
  });
