import { Button, Code, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';

interface TypedConfirmationProps {
  readonly opened: boolean;
  readonly title: string;
  /** What has to be typed. */
  readonly word: string;
  readonly action: string;
  readonly onClose: () => void;
  readonly onConfirmed: () => void;
  /** What will happen. */
  readonly children: ReactNode;
}

/** For what can't be undone by a second click: typing its name is the confirmation. */
export function TypedConfirmation({ opened, onClose, title, ...asked }: TypedConfirmationProps) {
  return (
    <Modal opened={opened} onClose={onClose} title={title}>
      <Asked {...asked} onClose={onClose} />
    </Modal>
  );
}

function Asked({ word, action, children, onClose, onConfirmed }: Omit<TypedConfirmationProps, 'opened' | 'title'>) {
  const [typed, setTyped] = useState('');
  const isTyped = typed.trim() === word;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isTyped) onConfirmed();
      }}
    >
      <Stack>
        <Text size="sm">{children}</Text>
        <TextInput
          data-autofocus
          label={
            <>
              Type <Code>{word}</Code> to confirm
            </>
          }
          value={typed}
          autoComplete="off"
          onChange={(event) => {
            setTyped(event.currentTarget.value);
          }}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" color="red" disabled={!isTyped}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
