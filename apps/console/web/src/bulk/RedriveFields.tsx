import { NumberInput, SimpleGrid } from '@mantine/core';
import { BOUNDS, type readOptions, type TypedOptions } from './redrive-options.ts';

interface RedriveFieldsProps {
  readonly typed: TypedOptions;
  readonly wrong: ReturnType<typeof readOptions>['wrong'];
  readonly onChange: (typed: TypedOptions) => void;
}

/** How fast, and when to stop by itself. What can't be is said at its field, and never changed behind one's back. */
export function RedriveFields({ typed, wrong, onChange }: RedriveFieldsProps) {
  const field = (name: keyof TypedOptions) => ({
    ...BOUNDS[name],
    clampBehavior: 'none' as const,
    value: typed[name],
    error: wrong[name],
    onChange: (value: number | string) => {
      onChange({ ...typed, [name]: value });
    },
  });
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }}>
      <NumberInput label="Rate" description="at most, a second" suffix="/s" {...field('ratePerSecond')} />
      <NumberInput label="Stop at" description="so much failed again" suffix=" %" {...field('stopAtFailedPercent')} />
      <NumberInput label="Max attempts" description="empty: as before" {...field('maxAttempts')} />
    </SimpleGrid>
  );
}
