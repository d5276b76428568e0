import { IconChecklist } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { ActButton } from '../../../feedback/ActButton.tsx';
import { tellProblem } from '../../../feedback/notice.ts';
import { reconciliationsQuery, startReconciliation } from './query.ts';

/** Starts a reconciliation and opens it. */
export function StartButton() {
  const navigate = useNavigate();
  const client = useQueryClient();
  const start = useMutation({
    mutationFn: startReconciliation,
    onSuccess: ({ id }) => navigate({ to: '/orders/reconciliation/$id', params: { id } }),
    onError: tellProblem,
    onSettled: () => client.invalidateQueries({ queryKey: reconciliationsQuery.queryKey }),
  });
  return (
    <ActButton
      leftSection={<IconChecklist size={14} />}
      loading={start.isPending}
      onClick={() => {
        start.mutate();
      }}
    >
      Reconcile now
    </ActButton>
  );
}
