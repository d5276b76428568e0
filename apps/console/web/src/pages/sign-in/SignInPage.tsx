import { Button, PasswordInput, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { useState } from 'react';
import { answerOf, api } from '../../api/client.ts';
import { sessionQuery } from '../../api/session.ts';
import { Empty } from '../../feedback/Empty.tsx';
import { Page } from '../../feedback/Page.tsx';
import { Panel } from '../../feedback/Panel.tsx';
import { ProblemAlert } from '../../feedback/ProblemAlert.tsx';
import { pathOf } from './search.ts';

const route = getRouteApi('/sign-in');

/** Makes a session of a key. The key is kept nowhere in the browser: the session is a cookie that no script can read. */
export function SignInPage() {
  const [key, setKey] = useState('');
  const { back } = route.useSearch();
  const { history } = useRouter();
  const client = useQueryClient();
  const session = useQuery(sessionQuery);
  const signIn = useMutation({
    mutationFn: () => answerOf(api.POST('/v0/session', { body: { key } })),
    onSuccess: async () => {
      await client.invalidateQueries();
      history.push(pathOf(back));
    },
  });
  if (session.data?.has_keys === false) {
    return (
      <Page title="Sign in">
        <Empty title="Nobody has to sign in here">
          There are no keys: whoever is on this machine may act. OPERATOR_API_KEYS and VIEWER_API_KEYS change that.
        </Empty>
      </Page>
    );
  }
  return (
    <Page title="Sign in">
      <Panel title="With a key">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            signIn.mutate();
          }}
        >
          <Stack maw={420}>
            {session.data?.has_keys === true && (
              <Text size="sm">You are {session.data.name}. Another key changes that.</Text>
            )}
            <PasswordInput
              label="Key"
              description="One of OPERATOR_API_KEYS or VIEWER_API_KEYS."
              required
              autoComplete="current-password"
              value={key}
              onChange={(event) => {
                setKey(event.currentTarget.value);
              }}
            />
            {signIn.error && <ProblemAlert error={signIn.error} />}
            <Button type="submit" loading={signIn.isPending} disabled={key === ''}>
              Sign in
            </Button>
          </Stack>
        </form>
      </Panel>
    </Page>
  );
}
