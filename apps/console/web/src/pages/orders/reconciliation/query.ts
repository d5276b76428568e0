import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { answerOf, api } from '../../../api/client.ts';
import { pageByPage } from '../../../list/list-page.ts';
import { given } from '../../../url/given.ts';

/** All reconciliations, the latest first. */
export const reconciliationsQuery = infiniteQueryOptions({
  queryKey: ['reconciliations'],
  queryFn: ({ pageParam, signal }) =>
    answerOf(
      api.GET('/v0/pipelines/orders/reconciliations', { signal, params: { query: given({ cursor: pageParam }) } }),
    ),
  ...pageByPage,
  refetchInterval: 5_000,
});

/** One reconciliation with its days, asked again while it runs. */
export const reconciliationQuery = (id: string) =>
  queryOptions({
    queryKey: ['reconciliations', id],
    queryFn: ({ signal }) =>
      answerOf(api.GET('/v0/pipelines/orders/reconciliations/{id}', { signal, params: { path: { id } } })),
    refetchInterval: ({ state: { data } }) => (data === undefined || data.state === 'running' ? 500 : false),
  });

/** What was archived at its source, as people said. */
export const archivingsQuery = queryOptions({
  queryKey: ['archivings'],
  queryFn: ({ signal }) => answerOf(api.GET('/v0/pipelines/orders/archivings', { signal })),
});

/** Starts one. Rejects with a `Problem`, also while one runs. */
export const startReconciliation = () => answerOf(api.POST('/v0/pipelines/orders/reconciliations'));
