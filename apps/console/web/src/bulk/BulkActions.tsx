import { Group, Modal } from '@mantine/core';
import { IconBan, IconRefresh } from '@tabler/icons-react';
import { useState } from 'react';
import { ActButton } from '../feedback/ActButton.tsx';
import { BulkDialog } from './BulkDialog.tsx';
import type { BulkAction, Selection } from './selection.ts';

interface BulkActionsProps {
  readonly selection: Selection;
  /** What is selected, in words. */
  readonly what: string;
  /** Whether the buttons say what they act on. */
  readonly spelled?: boolean;
}

const TITLES = { redrive: 'Redrive', discard: 'Discard' } as const;

/** Redrives or discards what is selected, after a preview. */
export function BulkActions({ selection, what, spelled = false }: BulkActionsProps) {
  const [action, setAction] = useState<BulkAction>();
  const named = (verb: string) => (spelled ? `${verb} ${what}` : verb);
  const close = () => {
    setAction(undefined);
  };
  return (
    <Group gap={6}>
      <ActButton
        variant="light"
        leftSection={<IconRefresh size={14} />}
        aria-label={`Redrive ${what}`}
        onClick={() => {
          setAction('redrive');
        }}
      >
        {named('Redrive')} …
      </ActButton>
      <ActButton
        variant="default"
        leftSection={<IconBan size={14} />}
        aria-label={`Discard ${what}`}
        onClick={() => {
          setAction('discard');
        }}
      >
        {named('Discard')} …
      </ActButton>
      <Modal opened={action !== undefined} onClose={close} size="lg" title={action && `${TITLES[action]} ${what}`}>
        {action && <BulkDialog action={action} selection={selection} onClose={close} />}
      </Modal>
    </Group>
  );
}
