import { Timeline } from '@mantine/core';
import {
  IconArchive,
  IconBan,
  IconCheck,
  IconClockOff,
  IconDatabase,
  IconHourglass,
  IconPencil,
  IconRefresh,
  IconSend,
  IconX,
  type Icon,
} from '@tabler/icons-react';
import { StepText, titleOf } from './StepText.tsx';
import type { Step } from './timeline.ts';

/** The steps of a life, from top to bottom. */
export function Lifeline({ steps }: { readonly steps: readonly Step[] }) {
  return (
    <Timeline bulletSize={26} lineWidth={2} active={steps.length} autoContrast>
      {steps.map((step, index) => {
        const { icon: Sign, colour } = signOf(step);
        return (
          <Timeline.Item key={index} title={titleOf(step)} color={colour} bullet={<Sign size={15} aria-hidden />}>
            <StepText step={step} />
          </Timeline.Item>
        );
      })}
    </Timeline>
  );
}

interface Sign {
  readonly icon: Icon;
  readonly colour: string;
}

const SIGNS: Record<Exclude<Step['kind'], 'attempt'>, Sign> = {
  created: { icon: IconDatabase, colour: 'gray' },
  forgotten: { icon: IconClockOff, colour: 'gray' },
  stored: { icon: IconCheck, colour: 'teal' },
  'dead-lettered': { icon: IconArchive, colour: 'red' },
  edited: { icon: IconPencil, colour: 'indigo' },
  redriven: { icon: IconRefresh, colour: 'indigo' },
  republished: { icon: IconSend, colour: 'indigo' },
  discarded: { icon: IconBan, colour: 'indigo' },
  superseded: { icon: IconCheck, colour: 'indigo' },
  'under-way': { icon: IconHourglass, colour: 'blue' },
};

function signOf(step: Step): Sign {
  if (step.kind !== 'attempt') return SIGNS[step.kind];
  return step.status === 'succeeded' ? { icon: IconCheck, colour: 'teal' } : { icon: IconX, colour: 'orange' };
}
