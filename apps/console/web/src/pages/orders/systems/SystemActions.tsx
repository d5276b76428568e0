import { Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconArrowBackUp, IconLockOpen, IconPlayerPlay, IconPlayerStop, IconRepeat } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import type { System } from '../../../api/answers.ts';
import { ActButton } from '../../../feedback/ActButton.tsx';
import { tellDone, tellProblem } from '../../../feedback/notice.ts';
import { TypedConfirmation } from '../../../feedback/TypedConfirmation.tsx';
import { actOn, type SystemAction } from './act.ts';
import { actionsOf, clearingText } from './system-text.ts';

/** Run, follow, stop, unblock, clear: what makes no sense now is not offered. */
export function SystemActions({ system }: { readonly system: System }) {
  const [asked, { open, close }] = useDisclosure(false);
  const act = useMutation({
    mutationFn: (action: SystemAction) => actOn(system.name, action),
    onSuccess: tellDone,
    onError: tellProblem,
  });
  const may = actionsOf(system);
  const doing = (action: SystemAction) => ({
    variant: 'default',
    loading: act.isPending && act.variables === action,
    onClick: () => {
      act.mutate(action);
    },
  });
  return (
    <Group gap={6}>
      {may.run && (
        <ActButton {...doing('run')} variant="filled" leftSection={<IconPlayerPlay size={14} />} children="Run" />
      )}
      {may.run && <ActButton {...doing('follow')} leftSection={<IconRepeat size={14} />} children="Follow" />}
      {may.stop && <ActButton {...doing('stop')} leftSection={<IconPlayerStop size={14} />} children="Stop" />}
      {may.unblock && <ActButton {...doing('unblock')} leftSection={<IconLockOpen size={14} />} children="Unblock" />}
      {may.clear && (
        <ActButton
          variant="default"
          onClick={open}
          leftSection={<IconArrowBackUp size={14} />}
          children="Clear cursor"
        />
      )}
      <TypedConfirmation
        opened={asked}
        title={`Clear the cursor of ${system.name}`}
        word={system.name}
        action="Clear cursor"
        onClose={close}
        onConfirmed={() => {
          close();
          act.mutate('clear');
        }}
      >
        {clearingText(system)}
      </TypedConfirmation>
    </Group>
  );
}
