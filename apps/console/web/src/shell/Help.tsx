import { ActionIcon, Anchor, Kbd, Modal, Stack, Switch, Table, Text, Tooltip } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconHelp } from '@tabler/icons-react';
import { SHORTCUTS, useShortcuts, useShortcutsSwitch } from '../keyboard/shortcuts.ts';

/** The keys there are, and where more is written. `?` opens it. */
export function Help() {
  const [opened, { open, close }] = useDisclosure(false);
  const [on, setOn] = useShortcutsSwitch();
  useShortcuts([
    ['shift+?', open],
    ['?', open],
  ]);
  return (
    <>
      <Tooltip label="Help (?)">
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Help" onClick={open}>
          <IconHelp size={18} />
        </ActionIcon>
      </Tooltip>
      <Modal opened={opened} onClose={close} title="Help">
        <Stack>
          <Table aria-label="Keyboard">
            <Table.Tbody>
              {SHORTCUTS.map(([keys, what]) => (
                <Table.Tr key={what}>
                  <Table.Td style={{ whiteSpace: 'nowrap' }}>
                    {keys.map((key) =>
                      key === '…' ? (
                        ' … '
                      ) : (
                        <Kbd key={key} mr={4}>
                          {key}
                        </Kbd>
                      ),
                    )}
                  </Table.Td>
                  <Table.Td>{what}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
          <Switch
            label="Keys without a modifier act"
            description="Switch them off where you dictate, or hit keys by accident."
            checked={on}
            onChange={(event) => {
              setOn(event.currentTarget.checked);
            }}
          />
          <Text size="sm">
            Times are in your zone; hover or focus one for UTC. The API behind this page is described at{' '}
            <Anchor href="/docs">/docs</Anchor>.
          </Text>
        </Stack>
      </Modal>
    </>
  );
}
