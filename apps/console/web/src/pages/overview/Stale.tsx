import { Tooltip } from '@mantine/core';
import { State } from '../../feedback/State.tsx';
import { useNow } from '../../format/useNow.ts';
import { ago } from '../../format/time.ts';

interface StaleProps {
  readonly part: { readonly error: string | null; readonly as_of: string | null };
}

/** Marks a part that is not known now; what it shows is the last answer. */
export function Stale({ part: { error, as_of } }: StaleProps) {
  const now = useNow(1_000);
  if (error === null) return null;
  return (
    <Tooltip label={error}>
      <span tabIndex={0}>
        <State tone="warning">{as_of === null ? 'not known' : `as of ${ago(as_of, now)}`}</State>
      </span>
    </Tooltip>
  );
}
