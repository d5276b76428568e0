import { Button, Group, Stack, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Loaded } from '../feedback/Loaded.tsx';
import { ProblemAlert } from '../feedback/ProblemAlert.tsx';
import { counted } from '../format/number.ts';
import { PreviewFacts } from './PreviewFacts.tsx';
import { RedriveFields } from './RedriveFields.tsx';
import {
  DEFAULTS,
  previewQuery,
  type BulkAction,
  type Preview,
  type RedriveOptions,
  type Selection,
} from './selection.ts';
import { startJob } from './start.ts';

interface BulkDialogProps {
  readonly action: BulkAction;
  readonly selection: Selection;
  readonly onClose: () => void;
}

/** What it would mean, then how, then why; and only then it is done. */
export function BulkDialog(props: BulkDialogProps) {
  const [options, setOptions] = useState(DEFAULTS);
  const preview = useQuery(previewQuery(props.action, props.selection, options));
  return (
    <Loaded query={preview}>{(data) => <Previewed {...props} {...{ options, setOptions }} preview={data} />}</Loaded>
  );
}

interface PreviewedProps extends BulkDialogProps {
  readonly preview: Preview;
  readonly options: RedriveOptions;
  readonly setOptions: (options: RedriveOptions) => void;
}

function Previewed({ action, selection, onClose, preview, options, setOptions }: PreviewedProps) {
  const [why, setWhy] = useState('');
  const navigate = useNavigate();
  const start = useMutation({
    mutationFn: () => startJob(action, selection, why.trim(), options),
    onSuccess: (jobId) => navigate({ to: '/dead-letters/jobs/$jobId', params: { jobId } }),
  });
  const isDiscard = action === 'discard';
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        start.mutate();
      }}
    >
      <Stack>
        <PreviewFacts action={action} preview={preview} ratePerSecond={options.ratePerSecond} />
        {!isDiscard && <RedriveFields options={options} onChange={setOptions} />}
        <TextInput
          label="Why"
          description="Stays in the history, with your name."
          required
          data-autofocus
          maxLength={500}
          value={why}
          onChange={(event) => {
            setWhy(event.currentTarget.value);
          }}
        />
        {start.error && <ProblemAlert error={start.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            {...(isDiscard ? { color: 'red' } : {})}
            loading={start.isPending}
            disabled={preview.total === 0 || why.trim() === ''}
          >
            {isDiscard ? 'Discard' : 'Redrive'} {counted(preview.total, 'dead letter')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
