import { Button, Center, Loader, Text } from '@mantine/core';
import { useEffect } from 'react';
import { counted } from '../format/number.ts';
import type { More } from '../table/ends.tsx';

/** So many pages without a row are asked for by themselves; then a person decides. */
const PATIENCE = 5;

interface SearchOnProps {
  readonly more: More;
  /** How many pages without a row came one after the other, 1 at least. */
  readonly emptyPages: number;
  /** Whether there are rows before them. */
  readonly hasRows: boolean;
}

/** Stands at the end of a list whose last pages brought nothing, and yet are not the last ones. */
export function SearchOn({ more, emptyPages, hasRows }: SearchOnProps) {
  const isWaiting = !more.has || emptyPages % PATIENCE === 0;
  useEffect(() => {
    if (!isWaiting && !more.loading) more.load();
  }, [isWaiting, more]);
  const isSearching = more.loading || !isWaiting;
  return (
    <Center p="sm" role="status">
      {isSearching && <Loader size="xs" mr="sm" aria-hidden />}
      <Text size="sm" c="dimmed">
        {hasRows ? 'Nothing more' : 'Nothing'} so far in {counted(emptyPages, 'part')} of what is searched
        {isSearching ? '; searching on …' : ', and it goes on.'}
      </Text>
      {!isSearching && (
        <Button variant="default" size="xs" ml="sm" onClick={more.load}>
          Search further
        </Button>
      )}
    </Center>
  );
}
