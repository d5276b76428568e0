import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { Answer, Body } from '../api/answers.ts';
import { answerOf, api } from '../api/client.ts';

export type Selection = Body<'/v0/dead-letters/preview'>['selection'];
export type BulkAction = Body<'/v0/dead-letters/preview'>['action'];
export type Preview = Answer<'/v0/dead-letters/preview', 'post'>;

/** How a redrive is done. */
export interface RedriveOptions {
  readonly ratePerSecond: number;
  /** 0 to 100: where more of what was sent has failed again, the job stops itself. */
  readonly stopAtFailedPercent: number;
  /** Undefined: as many as each message had. */
  readonly maxAttempts: number | undefined;
}

export const DEFAULTS: RedriveOptions = { ratePerSecond: 500, stopAtFailedPercent: 20, maxAttempts: undefined };

/** How long a redrive of so many takes at least, in milliseconds. Pure. */
export const leastDuration = (letters: number, ratePerSecond: number): number =>
  ratePerSecond > 0 ? (letters / ratePerSecond) * 1_000 : 0;

/** What an action would mean. Nothing changes by asking. */
export const previewQuery = (action: BulkAction, selection: Selection, { stopAtFailedPercent }: RedriveOptions) =>
  queryOptions({
    queryKey: ['preview', action, selection, stopAtFailedPercent],
    queryFn: ({ signal }) =>
      answerOf(
        api.POST('/v0/dead-letters/preview', {
          signal,
          body: { action, selection, stop_at_failed_share: stopAtFailedPercent / 100 },
        }),
      ),
    staleTime: 0,
    gcTime: 0,
    placeholderData: keepPreviousData,
  });
