import { NumberInput, SimpleGrid } from '@mantine/core';
import type { RedriveOptions } from './selection.ts';

interface RedriveFieldsProps {
  readonly options: RedriveOptions;
  readonly onChange: (options: RedriveOptions) => void;
}

/** How fast, and when to stop by itself. */
export function RedriveFields({ options, onChange }: RedriveFieldsProps) {
  const numberOf = (value: number | string, otherwise: number) => (typeof value === 'number' ? value : otherwise);
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }}>
      <NumberInput
        label="Rate"
        description="at most, a second"
        suffix="/s"
        min={1}
        max={50_000}
        allowDecimal={false}
        value={options.ratePerSecond}
        onChange={(value) => {
          onChange({ ...options, ratePerSecond: numberOf(value, options.ratePerSecond) });
        }}
      />
      <NumberInput
        label="Stop at"
        description="so much failed again"
        suffix=" %"
        min={0}
        max={100}
        value={options.stopAtFailedPercent}
        onChange={(value) => {
          onChange({ ...options, stopAtFailedPercent: numberOf(value, options.stopAtFailedPercent) });
        }}
      />
      <NumberInput
        label="Max attempts"
        description="empty: as before"
        min={1}
        max={100}
        allowDecimal={false}
        value={options.maxAttempts ?? ''}
        onChange={(value) => {
          onChange({ ...options, maxAttempts: typeof value === 'number' ? value : undefined });
        }}
      />
    </SimpleGrid>
  );
}
