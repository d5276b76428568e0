import { Text, Tooltip, type TextProps } from '@mantine/core';
import { ago, shortTime, utcTime } from './time.ts';
import { useNow } from './useNow.ts';

interface WhenProps extends TextProps {
  /** ISO 8601 text. */
  readonly at: string;
  /** `12 s ago` instead of the clock; goes on by itself. */
  readonly relative?: boolean;
}

/** An instant in the viewer's zone; UTC with every digit on hover and focus. */
export function When({ at, relative = false, ...text }: WhenProps) {
  const now = useNow(relative ? 1_000 : 60_000);
  return (
    <Tooltip label={utcTime(at)}>
      <Text span inherit component="time" dateTime={at} style={{ whiteSpace: 'nowrap' }} {...text}>
        {relative ? ago(at, now) : shortTime(at, now)}
      </Text>
    </Tooltip>
  );
}
