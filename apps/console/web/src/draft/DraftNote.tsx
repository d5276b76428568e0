import { Alert, Button, Group, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { When } from '../format/When.tsx';
import type { Draft } from './useDraft.ts';

type Noted = Omit<Draft<object>, 'values' | 'change'>;

/** Above the fields: that a draft was found again, and whether what it is of has changed since. */
export function DraftFound({ draft: { foundFrom, isOutdated }, of }: { readonly draft: Noted; readonly of: string }) {
  if (foundFrom === null && !isOutdated) return null;
  return (
    <Alert variant="outline" color={isOutdated ? 'orange' : 'gray'} p="xs" role="status">
      <Text size="sm">
        {foundFrom !== null && (
          <>
            Your draft of <When at={foundFrom} relative /> is back: it was neither sent nor discarded.
          </>
        )}{' '}
        {isOutdated && <b>{of} has changed since you began: look at the change before you send it.</b>}
      </Text>
    </Alert>
  );
}

interface DraftButtonsProps {
  readonly draft: Noted;
  readonly onClose: () => void;
  /** The button that sends it. */
  readonly children: ReactNode;
}

/** Below the fields: what closing means, discarding, and sending. */
export function DraftButtons({ draft: { isTyped, isKept, drop }, onClose, children }: DraftButtonsProps) {
  return (
    <Group justify="space-between" gap="xs">
      <Text size="xs" c="dimmed" role="status">
        {isTyped &&
          (isKept
            ? 'Kept as a draft in this tab when you close this.'
            : 'Lost when you close this: the browser does not keep it as a draft.')}
      </Text>
      <Group gap="xs">
        {isTyped && (
          <Button
            variant="subtle"
            color="red"
            onClick={() => {
              drop();
              onClose();
            }}
          >
            Discard the draft
          </Button>
        )}
        <Button variant="default" onClick={onClose}>
          {isTyped ? 'Close' : 'Cancel'}
        </Button>
        {children}
      </Group>
    </Group>
  );
}
