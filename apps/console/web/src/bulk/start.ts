import { answerOf, api } from '../api/client.ts';
import { given } from '../url/given.ts';
import type { RedriveOptions } from './redrive-options.ts';
import type { BulkAction, Selection } from './selection.ts';

/** Starts the job on the server, and gives its id. Rejects with a `Problem`. */
export async function startJob(
  pipeline: string,
  action: BulkAction,
  selection: Selection,
  why: string,
  options: RedriveOptions,
  beside: boolean,
): Promise<string> {
  const params = { path: { pipeline } };
  if (action === 'discard') {
    const { id } = await answerOf(
      api.POST('/v0/pipelines/{pipeline}/dead-letters/discards', { params, body: { selection, why, beside } }),
    );
    return id;
  }
  const { ratePerSecond, stopAtFailedPercent, maxAttempts } = options;
  const body = {
    selection,
    why,
    beside,
    rate_per_second: ratePerSecond,
    stop_at_failed_share: stopAtFailedPercent / 100,
    ...given({ max_attempts: maxAttempts }),
  };
  const { id } = await answerOf(api.POST('/v0/pipelines/{pipeline}/dead-letters/redrives', { params, body }));
  return id;
}
