import { Alert, Button, Code, Group, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { Problem } from '../api/problem.ts';

interface ProblemAlertProps {
  readonly error: Error;
  readonly onRetry?: (() => void) | undefined;
}

/** What happened, and a way to try again. */
export function ProblemAlert({ error, onRetry }: ProblemAlertProps) {
  const problem = error instanceof Problem ? error : undefined;
  return (
    <Alert
      role="alert"
      variant="outline"
      color={problem?.status === 503 || problem?.status === 0 ? 'orange' : 'red'}
      icon={<IconAlertTriangle />}
      title={problem?.title ?? 'This page failed'}
    >
      <Text size="sm">{error.message}</Text>
      <Group mt="xs" gap="md">
        {onRetry && (
          <Button size="xs" variant="default" onClick={onRetry}>
            Try again
          </Button>
        )}
        {problem && <Code>{problem.code}</Code>}
      </Group>
    </Alert>
  );
}
