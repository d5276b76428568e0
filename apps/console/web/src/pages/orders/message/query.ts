import { queryOptions } from '@tanstack/react-query';
import { answerOf, api } from '../../../api/client.ts';

/** The life of one message. It is asked again while somebody looks: the next attempt may be near. */
export const messageQuery = (messageId: string) =>
  queryOptions({
    queryKey: ['message', messageId],
    queryFn: ({ signal }) =>
      answerOf(
        api.GET('/v0/pipelines/orders/messages/{message_id}', { signal, params: { path: { message_id: messageId } } }),
      ),
    refetchInterval: 2_000,
  });
