import { queryOptions } from '@tanstack/react-query';
import { answerOf, api } from '../../api/client.ts';
import { isMoving } from '../jobs/job-text.ts';

/** One job, asked again while it moves. */
export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: ['jobs', id],
    queryFn: ({ signal }) => answerOf(api.GET('/v0/jobs/{id}', { signal, params: { path: { id } } })),
    refetchInterval: ({ state: { data } }) => (data === undefined || isMoving(data) ? 500 : 5_000),
  });

export type JobAction = 'pause' | 'resume' | 'cancel';

/** Holds, goes on with, or ends a job. Rejects with a `Problem`. */
export function controlJob(id: string, action: JobAction) {
  const params = { path: { id } };
  switch (action) {
    case 'pause':
      return answerOf(api.POST('/v0/jobs/{id}/pause', { params, body: {} }));
    case 'resume':
      return answerOf(api.POST('/v0/jobs/{id}/resume', { params, body: {} }));
    case 'cancel':
      return answerOf(api.POST('/v0/jobs/{id}/cancel', { params, body: {} }));
  }
}
