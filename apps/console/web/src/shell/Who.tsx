import { Button, Menu } from '@mantine/core';
import { IconUser } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { answerOf, api } from '../api/client.ts';
import { sessionQuery } from '../api/session.ts';
import { tellProblem } from '../feedback/notice.ts';

/** Who is signed in; nothing where the console asks nobody. */
export function Who() {
  const { data: session } = useQuery(sessionQuery);
  const navigate = useNavigate();
  const client = useQueryClient();
  const signOut = useMutation({
    mutationFn: () => answerOf(api.DELETE('/v0/session')),
    onSuccess: async () => {
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
            signOut.mutate();
          }}
        >
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
