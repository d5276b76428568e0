import { Button, Group, Text } from '@mantine/core';
import { IconSend } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { answerOf, api } from '../../api/client.ts';
import { ActButton } from '../../feedback/ActButton.tsx';
import { tellDone, tellProblem } from '../../feedback/notice.ts';
import { count, counted } from '../../format/number.ts';
import { reconciliationQuery } from '../reconciliation/query.ts';
import { sumOf, type Report } from '../reconciliation/report.ts';

/** What can be done with a result: its missing rows published again, all of it taken along. */
export function Taken({ report }: { readonly report: Report }) {
  if (report.state !== 'finished') return null;
  const left = sumOf(report.systems, 'missing') - report.republished;
  return (
    <Group mt="sm" gap="xs">
      {left > 0 && <Republish id={report.id} rows={left} />}
      {report.republished > 0 && (
        <Text size="sm">
          {counted(report.republished, 'missing row')} published again: reconcile now to see where they are.
        </Text>
      )}
      {(['csv', 'json'] as const).map((format) => (
        <Button
          key={format}
          component="a"
          href={`/v0/reconciliations/${report.id}/export?format=${format}`}
          download
          size="xs"
          variant="default"
        >
          Export as {format.toUpperCase()}
        </Button>
      ))}
    </Group>
  );
}

function Republish({ id, rows }: { readonly id: string; readonly rows: number }) {
  const client = useQueryClient();
  const republish = useMutation({
    mutationFn: () => answerOf(api.POST('/v0/reconciliations/{id}/republish', { params: { path: { id } } })),
    onSuccess: () => {
      tellDone(`${count(rows)} missing rows are published again. What is at rest by now is recognised.`);
    },
    onError: tellProblem,
    onSettled: () => client.invalidateQueries({ queryKey: reconciliationQuery(id).queryKey }),
  });
  return (
    <ActButton
      leftSection={<IconSend size={14} />}
      loading={republish.isPending}
      onClick={() => {
        republish.mutate();
      }}
    >
      Publish {counted(rows, 'missing row')} again
    </ActButton>
  );
}
