import { useHotkeys, useLocalStorage, type HotkeyItem } from '@mantine/hooks';

/** Whether keys without a modifier act: who dictates or hits keys by accident switches them off (WCAG 2.1.4). */
export const useShortcutsSwitch = () =>
  useLocalStorage({ key: 'esteira-shortcuts', defaultValue: true, getInitialValueInEffect: false });

/** Single-key shortcuts, not while typing and not where they are switched off. */
export function useShortcuts(keys: HotkeyItem[]): void {
  const [on] = useShortcutsSwitch();
  useHotkeys(on ? keys : []);
}

/** What the help shows. */
export const SHORTCUTS: readonly (readonly [keys: readonly string[], what: string])[] = [
  [['/'], 'search a message'],
  [['j', 'k'], 'next and previous row of a list'],
  [['Enter'], 'open the row'],
  [['x'], 'select the row'],
  [['1', '…', '5'], 'Overview, Messages, Dead letters, Reconciliation, History'],
  [['?'], 'this help'],
  [['Esc'], 'close what is open'],
];
