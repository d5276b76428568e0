import { Center, Loader, Stack } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ProblemAlert } from './ProblemAlert.tsx';

interface LoadedProps<Data> {
  readonly query: Pick<UseQueryResult<Data>, 'data' | 'error' | 'refetch'>;
  readonly children: (data: Data) => ReactNode;
}

/** What a query brought. While it can't be asked again, what is known stays, with the problem above it. */
export function Loaded<Data>({ query, children }: LoadedProps<Data>) {
  const { data, error } = query;
  const problem = error && (
    <ProblemAlert
      error={error}
      onRetry={() => {
        void query.refetch();
      }}
    />
  );
  if (data === undefined) return problem ?? <Waiting />;
  if (!problem) return children(data);
  return (
    <Stack>
      {problem}
      {children(data)}
    </Stack>
  );
}

/** Something is on its way. */
export function Waiting() {
  return (
    <Center py="xl">
      <Loader type="dots" aria-label="Loading" role="status" />
    </Center>
  );
}
