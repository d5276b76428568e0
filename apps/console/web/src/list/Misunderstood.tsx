import { Alert, Code, Text } from '@mantine/core';
import type { ReactNode } from 'react';

interface MisunderstoodProps {
  /** As the address says it: `reason=foo`. */
  readonly wrong: readonly string[];
  /** A link to the same list without it. */
  readonly children: ReactNode;
}

/** Stands where a list would, while its address asks for what there is not. */
export function Misunderstood({ wrong, children }: MisunderstoodProps) {
  return (
    <Alert role="alert" variant="outline" color="orange" title="A part of this address is not understood">
      <Text size="sm">
        {wrong.map((part) => (
          <Code key={part} mr="xs">
            {part}
          </Code>
        ))}
      </Text>
      <Text size="sm" my="xs">
        It may be mistyped, or belong to another page. Nothing is listed, so that nothing else is taken for what was
        meant: correct it, or leave it out.
      </Text>
      {children}
    </Alert>
  );
}
