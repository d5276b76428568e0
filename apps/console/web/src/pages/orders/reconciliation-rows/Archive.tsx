import { Button, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconArchive } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answerOf, api } from '../../../api/client.ts';
import { ActButton } from '../../../feedback/ActButton.tsx';
import { ProblemAlert } from '../../../feedback/ProblemAlert.tsx';
import { tellDone } from '../../../feedback/notice.ts';
import { given } from '../../../url/given.ts';
import { archivingsQuery } from '../reconciliation/query.ts';

/** Says that orphans are none: their rows were archived at the source. */
export function Archive({ systems }: { readonly systems: readonly string[] }) {
  const [isOpen, setIsOpen] = useState(false);
  const close = () => {
    setIsOpen(false);
  };
  return (
    <>
      <ActButton
        variant="default"
        leftSection={<IconArchive size={14} />}
        onClick={() => {
          setIsOpen(true);
        }}
      >
        Archived at the source …
      </ActButton>
      <Modal opened={isOpen} onClose={close} size="lg" title="Rows were archived at the source">
        <Form systems={systems} onClose={close} />
      </Modal>
    </>
  );
}

interface FormProps {
  readonly systems: readonly string[];
  readonly onClose: () => void;
}

function Form({ systems, onClose }: FormProps) {
  const client = useQueryClient();
  const [typed, setTyped] = useState({ system: systems[0] ?? '', beforeDay: '', upToId: '', why: '' });
  const archive = useMutation({
    mutationFn: () => {
      const { system, beforeDay, upToId, why } = typed;
      const rows = given({ before_day: beforeDay.trim() || undefined, up_to_id: upToId.trim() || undefined });
      return answerOf(api.POST('/v0/pipelines/orders/archivings', { body: { system, why: why.trim(), ...rows } }));
    },
    onSuccess: () => {
      tellDone('Noted. The next reconciliation counts them as archived.');
      onClose();
    },
    onSettled: () => client.invalidateQueries({ queryKey: archivingsQuery.queryKey }),
  });
  const isReady = typed.why.trim() !== '' && (typed.beforeDay.trim() !== '' || typed.upToId.trim() !== '');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) archive.mutate();
      }}
    >
      <Stack>
        <Text size="sm">
          Rows that the endput has, and the source not any more, count as archived from the next reconciliation on, as
          far as this says. Newer rows, and higher ids, are orphans as before. With both, both must be so.
        </Text>
        <Fields systems={systems} typed={typed} onChange={setTyped} />
        {archive.error && <ProblemAlert error={archive.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={archive.isPending} disabled={!isReady}>
            They were archived
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface Typed {
  readonly system: string;
  readonly beforeDay: string;
  readonly upToId: string;
  readonly why: string;
}

interface FieldsProps {
  readonly systems: readonly string[];
  readonly typed: Typed;
  readonly onChange: (typed: Typed) => void;
}

function Fields({ systems, typed, onChange }: FieldsProps) {
  const field = (name: 'beforeDay' | 'upToId' | 'why') => ({
    value: typed[name],
    onChange: ({ currentTarget: { value } }: { readonly currentTarget: { readonly value: string } }) => {
      onChange({ ...typed, [name]: value });
    },
  });
  return (
    <>
      <Select
        label="System"
        data={[...systems]}
        value={typed.system}
        allowDeselect={false}
        onChange={(system) => {
          onChange({ ...typed, system: system ?? typed.system });
        }}
      />
      <TextInput label="Made before (UTC)" placeholder="2026-01-01" {...field('beforeDay')} />
      <TextInput label="Up to id" inputMode="numeric" {...field('upToId')} />
      <TextInput
        label="Why"
        description="Stays in the history, with your name."
        required
        maxLength={500}
        {...field('why')}
      />
    </>
  );
}
