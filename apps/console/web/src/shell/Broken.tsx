import { Anchor, Button } from '@mantine/core';
import { useRouter, type ErrorComponentProps } from '@tanstack/react-router';
import { Empty } from '../feedback/Empty.tsx';
import { Page } from '../feedback/Page.tsx';
import { ProblemAlert } from '../feedback/ProblemAlert.tsx';

/** A page that failed; the shell around it goes on. */
export function Broken({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  return (
    <Page title="This page failed">
      <ProblemAlert
        error={error instanceof Error ? error : new Error(String(error))}
        onRetry={() => {
          reset();
          void router.invalidate();
        }}
      />
    </Page>
  );
}

/** An address that is nothing. */
export function NowhereToBeFound() {
  return (
    <Page title="There is nothing here">
      <Empty title="No page has this address">
        <Button component="a" href="/" mt="sm">
          Overview
        </Button>
        <br />
        <Anchor href="/docs">The API is at /docs.</Anchor>
      </Empty>
    </Page>
  );
}
