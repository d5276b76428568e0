import { Button, Group, Stack, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Loaded } from '../feedback/Loaded.tsx';
import { ProblemAlert } from '../feedback/ProblemAlert.tsx';
import { counted } from '../format/number.ts';
import { PreviewFacts } from './PreviewFacts.tsx';
import { DEFAULTS, mayStopItself, readOptions, type RedriveOptions } from './redrive-options.ts';
import { RedriveFields } from './RedriveFields.tsx';
import { previewQuery, type BulkAction, type Selection } from './selection.ts';
import { startJob } from './start.ts';

interface BulkDialogProps {
  readonly action: BulkAction;
  readonly selection: Selection;
  readonly onClose: () => void;
}

/** What it would mean, then how, then why; and only then it is done. The fields stay, whatever the preview says. */
export function BulkDialog({ action, selection, onClose }: BulkDialogProps) {
  const [typed, setTyped] = useState(DEFAULTS);
  const [why, setWhy] = useState('');
  const { options, wrong } = readOptions(typed);
  const preview = useQuery(previewQuery(action, selection, mayStopItself(typed)));
  const start = useStart(action, selection, why.trim());
  const isReady = options !== undefined && why.trim() !== '';
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (options !== undefined) start.mutate(options);
      }}
    >
      <Stack>
        <Loaded query={preview}>
          {(data) => <PreviewFacts action={action} preview={data} ratePerSecond={options?.ratePerSecond} />}
        </Loaded>
        {action === 'redrive' && <RedriveFields typed={typed} wrong={wrong} onChange={setTyped} />}
        <Why why={why} onChange={setWhy} />
        {start.error && <ProblemAlert error={start.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Start action={action} total={preview.data?.total} isReady={isReady} isPending={start.isPending} />
        </Group>
      </Stack>
    </form>
  );
}

function useStart(action: BulkAction, selection: Selection, why: string) {
  const navigate = useNavigate();
  return useMutation({
    mutationFn: (options: RedriveOptions) => startJob(action, selection, why, options),
    onSuccess: (jobId) => navigate({ to: '/dead-letters/jobs/$jobId', params: { jobId } }),
  });
}

function Why({ why, onChange }: { readonly why: string; readonly onChange: (why: string) => void }) {
  return (
    <TextInput
      label="Why"
      description="Stays in the history, with your name."
      required
      data-autofocus
      maxLength={500}
      value={why}
      onChange={(event) => {
        onChange(event.currentTarget.value);
      }}
    />
  );
}

interface StartProps {
  readonly action: BulkAction;
  /** How many it is for; undefined as long as that is not known. */
  readonly total: number | undefined;
  readonly isReady: boolean;
  readonly isPending: boolean;
}

function Start({ action, total, isReady, isPending }: StartProps) {
  const isDiscard = action === 'discard';
  return (
    <Button
      type="submit"
      {...(isDiscard ? { color: 'red' } : {})}
      loading={isPending}
      disabled={!isReady || total === undefined || total === 0}
    >
      {isDiscard ? 'Discard' : 'Redrive'} {total !== undefined && counted(total, 'dead letter')}
    </Button>
  );
}
