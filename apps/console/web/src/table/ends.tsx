import { Button, Center, Text } from '@mantine/core';
import { counted } from '../format/number.ts';

/** More rows of a list that comes page by page. */
export interface More {
  readonly has: boolean;
  readonly loading: boolean;
  readonly load: () => void;
}

/** Stands for the rows that are out of sight. */
export function Spacer({ height, span }: { readonly height: number; readonly span: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden="true">
      <td colSpan={span} style={{ height, padding: 0, border: 0 }} />
    </tr>
  );
}

/** Below the last row: how many are shown, and a button for those who don't scroll. */
export function End({ more, shown }: { readonly more: More; readonly shown: number }) {
  if (!more.has) return null;
  return (
    <Center p="sm">
      <Button variant="default" size="xs" loading={more.loading} onClick={more.load}>
        Load more
      </Button>
      <Text size="xs" c="dimmed" ml="sm">
        {counted(shown, 'row')} shown
      </Text>
    </Center>
  );
}
