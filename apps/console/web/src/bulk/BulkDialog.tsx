import { Button, Stack, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import * as v from 'valibot';
import { DraftButtons, DraftFound } from '../draft/DraftNote.tsx';
import { useDraft } from '../draft/useDraft.ts';
import { Loaded } from '../feedback/Loaded.tsx';
import { Problem } from '../api/problem.ts';
import { ProblemAlert } from '../feedback/ProblemAlert.tsx';
import { counted } from '../format/number.ts';
import { usePipeline } from '../pipeline/current.tsx';
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
  const pipeline = usePipeline().name;
  const draft = useDraft({
    name: `${pipeline} ${action} ${JSON.stringify(selection)}`,
    schema: bulkSchema,
    initial: { typed: DEFAULTS, why: '' },
  });
  const { typed, why } = draft.values;
  const { options, wrong } = readOptions(typed);
  const preview = useQuery(previewQuery(pipeline, action, selection, mayStopItself(typed)));
  const start = useStart({ pipeline, action, selection, why: why.trim() }, draft.drop);
  const isOverlap = start.error instanceof Problem && start.error.code === 'jobs-overlap';
  const isReady = options !== undefined && why.trim() !== '';
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (options !== undefined) start.mutate({ options, beside: isOverlap });
      }}
    >
      <Stack>
        <DraftFound draft={draft} of="What is selected" />
        <Loaded query={preview}>{(data) => <PreviewFacts action={action} preview={data} options={options} />}</Loaded>
        {action === 'redrive' && (
          <RedriveFields
            typed={typed}
            wrong={wrong}
            onChange={(changed) => {
              draft.change({ typed: changed });
            }}
          />
        )}
        <Why
          why={why}
          onChange={(changed) => {
            draft.change({ why: changed });
          }}
        />
        {start.error && <ProblemAlert error={start.error} />}
        <DraftButtons draft={draft} onClose={onClose}>
          <Start
            action={action}
            isBeside={isOverlap}
            total={preview.data?.total}
            isReady={isReady}
            isPending={start.isPending}
          />
        </DraftButtons>
      </Stack>
    </form>
  );
}

const typedOption = v.union([v.number(), v.string()]);
const bulkSchema = v.object({
  typed: v.object({ ratePerSecond: typedOption, stopAtFailedPercent: typedOption, maxAttempts: typedOption }),
  why: v.string(),
});

interface Started {
  readonly pipeline: string;
  readonly action: BulkAction;
  readonly selection: Selection;
  readonly why: string;
}

function useStart({ pipeline, action, selection, why }: Started, onStarted: () => void) {
  const navigate = useNavigate();
  return useMutation({
    mutationFn: ({ options, beside }: { readonly options: RedriveOptions; readonly beside: boolean }) =>
      startJob(pipeline, action, selection, why, options, beside),
    onSuccess: async (jobId) => {
      onStarted();
      await navigate({ to: '/$pipeline/dead-letters/jobs/$jobId', params: { pipeline, jobId } });
    },
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
  /** Whether another job has some of them before it, as the first try has told. */
  readonly isBeside: boolean;
  readonly isReady: boolean;
  readonly isPending: boolean;
}

function Start({ action, total, isBeside, isReady, isPending }: StartProps) {
  const isDiscard = action === 'discard';
  return (
    <Button
      type="submit"
      {...(isDiscard ? { color: 'red' } : {})}
      loading={isPending}
      disabled={!isReady || total === undefined || total === 0}
    >
      {isDiscard ? 'Discard' : 'Redrive'} {total !== undefined && counted(total, 'dead letter')}
      {isBeside && ' all the same'}
    </Button>
  );
}
