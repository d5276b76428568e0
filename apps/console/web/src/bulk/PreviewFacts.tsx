import { Alert, Text } from '@mantine/core';
import { Facts } from '../feedback/Facts.tsx';
import { useNow } from '../format/useNow.ts';
import { usePipeline } from '../pipeline/current.tsx';
import { previewText } from './preview-text.ts';
import type { RedriveOptions } from './redrive-options.ts';
import type { BulkAction, Preview } from './selection.ts';

interface PreviewFactsProps {
  readonly action: BulkAction;
  readonly preview: Preview;
  /** Undefined where one is given that can't be. */
  readonly options: RedriveOptions | undefined;
}

/** What an action would mean. */
export function PreviewFacts({ action, preview, options }: PreviewFactsProps) {
  const now = useNow(1_000);
  return (
    <>
      <Facts facts={previewText(action, preview, options, now, usePipeline().words)} />
      <Notes action={action} isNothing={preview.total === 0} />
    </>
  );
}

function Notes({ action, isNothing }: { readonly action: BulkAction; readonly isNothing: boolean }) {
  if (isNothing) {
    return (
      <Alert color="gray" variant="outline">
        There is nothing to {action}: no open dead letter is like that any more.
      </Alert>
    );
  }
  if (action === 'redrive') return null;
  return (
    <Text size="sm">
      Discarded messages are at rest: they count as discarded, are not attempted again, and stay readable.
    </Text>
  );
}
