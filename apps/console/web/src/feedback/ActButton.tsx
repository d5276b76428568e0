import { Button, Tooltip, type ButtonProps } from '@mantine/core';
import type { ComponentPropsWithoutRef } from 'react';
import { useMayAct } from '../api/session.ts';

type ActButtonProps = ButtonProps & Omit<ComponentPropsWithoutRef<'button'>, keyof ButtonProps | 'disabled'>;

/** A button that acts: viewers see it, and why it is not theirs to press. */
export function ActButton({ disabled, ...button }: ActButtonProps) {
  const mayAct = useMayAct();
  if (mayAct) return <Button size="xs" disabled={disabled ?? false} {...button} />;
  return (
    <Tooltip label="Acting needs an operator's key: sign in with one.">
      <Button
        size="xs"
        {...button}
        data-disabled
        aria-disabled
        onClick={(event) => {
          event.preventDefault();
        }}
      />
    </Tooltip>
  );
}
