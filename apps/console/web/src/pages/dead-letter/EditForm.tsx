import { Button, Group, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { BodyDiff } from '../../body/BodyDiff.tsx';
import { indented, jsonOf } from '../../body/read.ts';
import { tellDone } from '../../feedback/notice.ts';
import { ProblemAlert } from '../../feedback/ProblemAlert.tsx';
import { editBody, letterQuery, type Letter } from './query.ts';

interface EditFormProps {
  readonly letter: Letter;
  readonly text: string;
  readonly onClose: () => void;
}

/** The body as text, what the change is, and why. The server checks it against the message's schema. */
export function EditForm({ letter: { message_id }, text, onClose }: EditFormProps) {
  const before = indented(text);
  const [body, setBody] = useState(before);
  const [why, setWhy] = useState('');
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: () => editBody(message_id, body, why.trim()),
    onSuccess: async () => {
      onClose();
      tellDone('The body is changed, and the original is kept. Redrive it to try it.');
      await client.invalidateQueries({ queryKey: letterQuery(message_id).queryKey });
    },
  });
  const isJson = jsonOf(body) !== undefined;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack>
        <BodyInput isJson={isJson} body={body} onChange={setBody} />
        <div>
          <Text size="sm" fw={500}>
            The change
          </Text>
          <BodyDiff before={before} after={body} />
        </div>
        <TextInput
          label="Why"
          description="Stays in the history, with your name."
          required
          maxLength={500}
          value={why}
          onChange={(event) => {
            setWhy(event.currentTarget.value);
          }}
        />
        {save.error && <ProblemAlert error={save.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending} disabled={!isJson || body === before || why.trim() === ''}>
            Save the body
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface BodyInputProps {
  readonly isJson: boolean;
  readonly body: string;
  readonly onChange: (body: string) => void;
}

function BodyInput({ isJson, body, onChange }: BodyInputProps) {
  return (
    <Textarea
      label="Body"
      autosize
      minRows={10}
      maxRows={24}
      spellCheck={false}
      data-autofocus
      styles={{
        input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 'var(--mantine-font-size-xs)' },
      }}
      error={isJson ? undefined : 'This is not JSON yet.'}
      value={body}
      onChange={(event) => {
        onChange(event.currentTarget.value);
      }}
    />
  );
}
