import { Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';

interface EmptyProps {
  readonly title: string;
  /** What that means, and what can be done. */
  readonly children?: ReactNode;
}

/** Where nothing is to be shown: says why, and what to do. */
export function Empty({ title, children }: EmptyProps) {
  return (
    <Stack align="center" gap="xs" py="xl" px="md" ta="center">
      <Text fw={600} size="lg">
        {title}
      </Text>
      <Text c="dimmed" maw="60ch" component="div">
        {children}
      </Text>
    </Stack>
  );
}
