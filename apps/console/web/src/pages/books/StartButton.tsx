import { IconChecklist } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { ActButton } from '../../feedback/ActButton.tsx';
import { tellProblem } from '../../feedback/notice.ts';
import { usePipeline } from '../../pipeline/current.tsx';
import { booksQuery, makeUpBooks } from './query.ts';

/** Makes the books up, and opens them. */
export function StartButton() {
  const { name: pipeline } = usePipeline();
  const navigate = useNavigate();
  const client = useQueryClient();
  const start = useMutation({
    mutationFn: () => makeUpBooks(pipeline),
    onSuccess: ({ id }) => navigate({ to: '/$pipeline/books/$id', params: { pipeline, id } }),
    onError: tellProblem,
    onSettled: () => client.invalidateQueries({ queryKey: booksQuery(pipeline).queryKey }),
  });
  return (
    <ActButton
      leftSection={<IconChecklist size={14} />}
      loading={start.isPending}
      onClick={() => {
        start.mutate();
      }}
    >
      Make up the books
    </ActButton>
  );
}
