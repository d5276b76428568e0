import type { RefObject } from 'react';
import { useShortcuts } from '../keyboard/shortcuts.ts';

/** `j` and `k` focus the next and the previous row's link, `x` ticks the row's box. A list has one link a row to open it. */
export function useRowKeys(body: RefObject<HTMLElement | null>): void {
  const move = (step: 1 | -1) => {
    const links = [...(body.current?.querySelectorAll<HTMLElement>('[data-row-link]') ?? [])];
    const row = document.activeElement?.closest('tr');
    const here = links.findIndex((link) => link.closest('tr') === row);
    const next = here === -1 ? links.find(isInSight) : links[here + step];
    next?.focus();
    next?.scrollIntoView({ block: 'nearest' });
  };
  useShortcuts([
    [
      'j',
      () => {
        move(1);
      },
    ],
    [
      'k',
      () => {
        move(-1);
      },
    ],
    ['x', () => document.activeElement?.closest('tr')?.querySelector<HTMLElement>('input[type=checkbox]')?.click()],
  ]);
}

const isInSight = (element: HTMLElement): boolean => {
  const { top, bottom } = element.getBoundingClientRect();
  return top >= 0 && bottom <= window.innerHeight;
};
