import { Group } from '@mantine/core';
import { IconPlayerPause, IconPlayerPlay, IconX } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ActButton } from '../../feedback/ActButton.tsx';
import { tellProblem } from '../../feedback/notice.ts';
import { mayOf, type Job } from '../jobs/job-text.ts';
import { controlJob, jobQuery, type JobAction } from './query.ts';

/** Pause, resume, cancel: what makes no sense now is not offered. */
export function JobActions({ job }: { readonly job: Job }) {
  const client = useQueryClient();
  const control = useMutation({
    mutationFn: (action: JobAction) => controlJob(job.pipeline, job.id, action),
    onSettled: () => client.invalidateQueries({ queryKey: jobQuery(job.pipeline, job.id).queryKey }),
    onError: tellProblem,
  });
  const may = mayOf(job);
  if (!may.cancel) return null;
  const doing = (action: JobAction) => ({
    variant: 'default',
    loading: control.isPending && control.variables === action,
    onClick: () => {
      control.mutate(action);
    },
  });
  return (
    <Group gap="xs">
      {may.pause && (
        <ActButton {...doing('pause')} leftSection={<IconPlayerPause size={14} />}>
          Pause
        </ActButton>
      )}
      {may.resume && (
        <ActButton {...doing('resume')} leftSection={<IconPlayerPlay size={14} />}>
          Resume
        </ActButton>
      )}
      <ActButton {...doing('cancel')} leftSection={<IconX size={14} />}>
        Cancel the rest
      </ActButton>
    </Group>
  );
}
