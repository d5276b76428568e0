import { Badge } from '@mantine/core';
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconLoader,
  type Icon,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import classes from './State.module.css';

export type Tone = 'good' | 'calm' | 'busy' | 'warning' | 'bad';

const ICONS: Record<Tone, Icon> = {
  good: IconCircleCheck,
  calm: IconCircleDashed,
  busy: IconLoader,
  warning: IconAlertTriangle,
  bad: IconCircleX,
};

/** A state as a word, with a sign and a colour: never by colour alone. */
export function State({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  const Sign = ICONS[tone];
  return (
    <Badge
      className={classes.state}
      data-tone={tone}
      variant="transparent"
      leftSection={<Sign size={14} aria-hidden />}
      tt="none"
    >
      {children}
    </Badge>
  );
}
