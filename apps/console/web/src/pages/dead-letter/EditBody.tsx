import { Group, Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPencil } from '@tabler/icons-react';
import { bytesOf, readBody } from '../../body/read.ts';
import { useDrafts } from '../../draft/useDraft.ts';
import { ActButton } from '../../feedback/ActButton.tsx';
import { State } from '../../feedback/State.tsx';
import { editDraftOf } from './edit-draft.ts';
import { EditForm } from './EditForm.tsx';
import type { Letter } from './query.ts';

/** Mends the body before it is redriven; what is not text can't be edited here. */
export function EditBody({ letter }: { readonly letter: Letter }) {
  const [opened, { open, close }] = useDisclosure(false);
  const body = readBody(bytesOf(letter.body));
  const hasDraft = useDrafts().read(editDraftOf(letter)) !== undefined;
  return (
    <Group gap="xs">
      {hasDraft && <State tone="warning">your draft is kept</State>}
      <ActButton variant="light" leftSection={<IconPencil size={14} />} disabled={body.kind === 'bytes'} onClick={open}>
        Edit …
      </ActButton>
      <Modal opened={opened} onClose={close} size="xl" title="Edit the body">
        {body.kind !== 'bytes' && <EditForm letter={letter} text={body.text} onClose={close} />}
      </Modal>
    </Group>
  );
}
