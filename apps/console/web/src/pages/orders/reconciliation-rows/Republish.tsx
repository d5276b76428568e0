import { Button, Code, Group, List, Modal, Stack, Text, TextInput } from '@mantine/core';
import { IconSend } from '@tabler/icons-react';
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Answer } from '../../../api/answers.ts';
import { answerOf, api } from '../../../api/client.ts';
import { ActButton } from '../../../feedback/ActButton.tsx';
import { Loaded } from '../../../feedback/Loaded.tsx';
import { ProblemAlert } from '../../../feedback/ProblemAlert.tsx';
import { tellDone } from '../../../feedback/notice.ts';
import { count, counted } from '../../../format/number.ts';
import { reconciliationQuery } from '../reconciliation/query.ts';

type Preview = Answer<'/v0/pipelines/orders/reconciliations/{id}/republish'>;

const previewQuery = (id: string) =>
  queryOptions({
    queryKey: ['reconciliations', id, 'republish'],
    queryFn: ({ signal }) =>
      answerOf(api.GET('/v0/pipelines/orders/reconciliations/{id}/republish', { signal, params: { path: { id } } })),
    staleTime: 0,
  });

/** Publishes missing rows again: what it would be for, then why, and only then it is done. */
export function Republish({ id, rows }: { readonly id: string; readonly rows: number }) {
  const [isOpen, setIsOpen] = useState(false);
  const close = () => {
    setIsOpen(false);
  };
  return (
    <>
      <ActButton
        leftSection={<IconSend size={14} />}
        onClick={() => {
          setIsOpen(true);
        }}
      >
        Publish {counted(rows, 'missing row')} again …
      </ActButton>
      <Modal opened={isOpen} onClose={close} size="lg" title="Publish missing rows again">
        <Form id={id} onClose={close} />
      </Modal>
    </>
  );
}

function Form({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const client = useQueryClient();
  const [why, setWhy] = useState('');
  const preview = useQuery(previewQuery(id));
  const republish = useMutation({
    mutationFn: () =>
      answerOf(
        api.POST('/v0/pipelines/orders/reconciliations/{id}/republish', {
          params: { path: { id } },
          body: { why: why.trim() },
        }),
      ),
    onSuccess: ({ confirmed, unroutable, refused, gone }) => {
      const others = unroutable + refused + gone;
      const rest = others === 0 ? '' : ` ${count(others)} could not be: no queue, refused, or no row any more.`;
      tellDone(`${counted(confirmed, 'missing row')} published again.${rest} What is at rest by now is recognised.`);
      onClose();
    },
    onSettled: () => client.invalidateQueries({ queryKey: reconciliationQuery(id).queryKey }),
  });
  const total = preview.data?.total;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        republish.mutate();
      }}
    >
      <Stack>
        <Loaded query={preview}>{(data) => <Facts preview={data} />}</Loaded>
        <TextInput
          label="Why"
          description="Stays in the history, and in the life of each message, with your name."
          required
          data-autofocus
          maxLength={500}
          value={why}
          onChange={(event) => {
            setWhy(event.currentTarget.value);
          }}
        />
        {republish.error && <ProblemAlert error={republish.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            loading={republish.isPending}
            disabled={why.trim() === '' || total === undefined || total === 0}
          >
            Publish {total !== undefined && counted(total, 'row')} again
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** How many, of which systems, and the first few. */
function Facts({ preview: { total, by_system: bySystem, first, republished } }: { readonly preview: Preview }) {
  return (
    <Stack gap="xs">
      <Text size="sm">
        {counted(total, 'row')} to publish
        {bySystem.length > 0 && `: ${bySystem.map(({ system, count: of }) => `${system} ${count(of)}`).join(', ')}`}
        {republished > 0 && `. ${counted(republished, 'row')} of this list published again before`}.
      </Text>
      <List size="sm" aria-label="The first rows">
        {first.map((row) => (
          <List.Item key={`${row.system} ${row.id}`} style={{ overflowWrap: 'anywhere' }}>
            {row.system} {row.id}, made on {row.day} {row.source !== null && <Code>{row.source}</Code>}
          </List.Item>
        ))}
      </List>
      <Text size="sm" c="dimmed">
        A message that is at rest by now, or on its way after all, is recognised by its id: nothing takes effect twice.
        Attempts that the log has forgotten are made again.
      </Text>
    </Stack>
  );
}
