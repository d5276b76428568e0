import { Button, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { BodyDiff } from '../../body/BodyDiff.tsx';
import { indented, jsonOf } from '../../body/read.ts';
import { DraftButtons, DraftFound } from '../../draft/DraftNote.tsx';
import { useDraft, type Draft } from '../../draft/useDraft.ts';
import { tellDone } from '../../feedback/notice.ts';
import { ProblemAlert } from '../../feedback/ProblemAlert.tsx';
import { editDraftOf, editSchema, versionOf } from './edit-draft.ts';
import { editBody, letterQuery, type Letter } from './query.ts';

interface EditFormProps {
  readonly letter: Letter;
  readonly text: string;
  readonly onClose: () => void;
}

/** The body as text, what the change is, and why. The server checks it against the message's schema. */
export function EditForm({ letter, text, onClose }: EditFormProps) {
  const before = indented(text);
  const draft = useDraft({
    name: editDraftOf(letter),
    schema: editSchema,
    initial: { body: before, why: '' },
    version: versionOf(letter),
  });
  const { body, why } = draft.values;
  const save = useSave(letter, draft, onClose);
  const isJson = jsonOf(body) !== undefined;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack>
        <DraftFound draft={draft} of="The dead letter" />
        <BodyInput
          isJson={isJson}
          body={body}
          onChange={(typed) => {
            draft.change({ body: typed });
          }}
        />
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
            draft.change({ why: event.currentTarget.value });
          }}
        />
        {save.error && <ProblemAlert error={save.error} />}
        <DraftButtons draft={draft} onClose={onClose}>
          <Button type="submit" loading={save.isPending} disabled={!isJson || body === before || why.trim() === ''}>
            Save the body
          </Button>
        </DraftButtons>
      </Stack>
    </form>
  );
}

function useSave(
  { pipeline, message_id: messageId }: Letter,
  draft: Draft<{ body: string; why: string }>,
  onSaved: () => void,
) {
  const client = useQueryClient();
  const { body, why } = draft.values;
  return useMutation({
    mutationFn: () => editBody(pipeline, messageId, body, why.trim()),
    onSuccess: async () => {
      draft.drop();
      onSaved();
      tellDone('The body is changed, and the original is kept. Redrive it to try it.');
      await client.invalidateQueries({ queryKey: letterQuery(pipeline, messageId).queryKey });
    },
  });
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
