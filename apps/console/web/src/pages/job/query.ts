import { queryOptions } from '@tanstack/react-query';
import { answerOf, api } from '../../api/client.ts';
import { isMoving } from '../jobs/job-text.ts';

/** One job, asked again while it moves. */
export const jobQuery = (pipeline: string, id: string) =>
  queryOptions({
    queryKey: [pipeline, 'jobs', id],
    queryFn: ({ signal }) =>
      answerOf(api.GET('/v0/pipelines/{pipeline}/jobs/{id}', { signal, params: { path: { pipeline, id } } })),
    refetchInterval: ({ state: { data } }) => (data === undefined || isMoving(data) ? 500 : 5_000),
  });

export type JobAction = 'pause' | 'resume' | 'cancel';

/** Holds, goes on with, or ends a job. Rejects with a `Problem`. */
export function controlJob(pipeline: string, id: string, action: JobAction) {
  const params = { path: { pipeline, id } };
  switch (action) {
    case 'pause':
      return answerOf(api.POST('/v0/pipelines/{pipeline}/jobs/{id}/pause', { params, body: {} }));
    case 'resume':
      return answerOf(api.POST('/v0/pipelines/{pipeline}/jobs/{id}/resume', { params, body: {} }));
    case 'cancel':
      return answerOf(api.POST('/v0/pipelines/{pipeline}/jobs/{id}/cancel', { params, body: {} }));
  }
}
