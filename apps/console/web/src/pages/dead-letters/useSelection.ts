import { createContext, useMemo, useState } from 'react';

/** Which dead letters are ticked. */
export interface Ticked {
  readonly ids: ReadonlySet<string>;
  readonly toggle: (id: string) => void;
  readonly clear: () => void;
}

/** What the rows' boxes read and change. */
export const TickedLetters = createContext<Ticked>({ ids: new Set(), toggle: () => undefined, clear: () => undefined });

/** Ticks belong to one list: another filter, `listKey`, begins without any. */
export function useSelection(listKey: string): Ticked {
  const [ticked, setTicked] = useState<{ listKey: string; ids: ReadonlySet<string> }>({ listKey, ids: new Set() });
  const ids = useMemo(() => (ticked.listKey === listKey ? ticked.ids : new Set<string>()), [ticked, listKey]);
  return useMemo(
    () => ({
      ids,
      toggle: (id) => {
        const others = [...ids].filter((one) => one !== id);
        setTicked({ listKey, ids: new Set(ids.has(id) ? others : [...others, id]) });
      },
      clear: () => {
        setTicked({ listKey, ids: new Set() });
      },
    }),
    [ids, listKey],
  );
}
