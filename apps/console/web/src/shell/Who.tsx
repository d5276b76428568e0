import { Button, Group, Menu, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconUser } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { answerOf, api } from '../api/client.ts';
import { sessionQuery } from '../api/session.ts';
import { useDrafts } from '../draft/useDraft.ts';
import { tellProblem } from '../feedback/notice.ts';
import { counted } from '../format/number.ts';

/** Who is signed in; nothing where the console asks nobody. */
export function Who() {
  const { data: session } = useQuery(sessionQuery);
  const navigate = useNavigate();
  const client = useQueryClient();
  const drafts = useDrafts();
  const [asked, { open: ask, close }] = useDisclosure(false);
  const signOut = useMutation({
    mutationFn: () => answerOf(api.DELETE('/v0/session')),
    onSuccess: async () => {
      close();
      drafts.dropAll();
      client.clear();
      await navigate({ to: '/sign-in' });
    },
    onError: tellProblem,
  });
  if (session === undefined || !session.has_keys) return null;
  return (
    <Menu>
      <Menu.Target>
        <Button variant="subtle" color="gray" size="xs" leftSection={<IconUser size={16} />}>
          {session.name}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{session.role === 'operator' ? 'Operator: may act' : 'Viewer: may read'}</Menu.Label>
        <Menu.Item
          onClick={() => {
            if (drafts.names().length > 0) ask();
            else signOut.mutate();
          }}
        >
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
      <Modal opened={asked} onClose={close} title="Sign out and lose what is typed?">
        <Stack>
          <Text size="sm">
            This tab keeps {counted(drafts.names().length, 'draft')} that {drafts.names().length === 1 ? 'was' : 'were'}{' '}
            neither sent nor discarded. Signing out discards {drafts.names().length === 1 ? 'it' : 'them'}.
          </Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Stay signed in
            </Button>
            <Button
              color="red"
              loading={signOut.isPending}
              onClick={() => {
                signOut.mutate();
              }}
            >
              Discard and sign out
            </Button>
          </Group>
        </Stack>
      </Modal>
    </Menu>
  );
}
