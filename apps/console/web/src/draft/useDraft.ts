import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import * as v from 'valibot';
import { sessionQuery } from '../api/session.ts';
import { Drafts, tabShelf } from './drafts.ts';

interface DraftOptions<Values extends object> {
  /** What is typed at: `edit <message id>`. */
  readonly name: string;
  readonly schema: v.GenericSchema<unknown, Values>;
  /** What stands there before anybody types. */
  readonly initial: Values;
  /** Of what is edited: a draft over another version is told apart. */
  readonly version?: string;
}

/** What somebody types, kept in the tab until it is sent or discarded. */
export interface Draft<Values extends object> {
  readonly values: Values;
  readonly change: (values: Partial<Values>) => void;
  /** When it was typed, where it was found again; null while it is the one that is typed now. */
  readonly foundFrom: string | null;
  /** Whether what is edited has become another one since. */
  readonly isOutdated: boolean;
  readonly isTyped: boolean;
  /** Whether the tab keeps it: not where its storage is full or refused. */
  readonly isKept: boolean;
  /** Begins anew. After it was sent: forgets it. */
  readonly drop: () => void;
}

/** The drafts of who is signed in. */
export function useDrafts(): Drafts {
  const person = useQuery(sessionQuery).data?.name ?? '';
  return useMemo(() => new Drafts(tabShelf(), person), [person]);
}

/** A draft of a dialog. A draft that is found again stands in the fields. */
export function useDraft<Values extends object>(options: DraftOptions<Values>): Draft<Values> {
  const { name, schema, initial, version = '' } = options;
  const drafts = useDrafts();
  const [begun, setBegun] = useState(() => found(drafts, name, schema) ?? { at: null, version, values: initial });
  const [isKept, setKept] = useState(true);
  const { at: foundFrom, values } = begun;
  const isTyped = JSON.stringify(values) !== JSON.stringify(initial);
  return {
    ...{ values, foundFrom, isTyped, isKept },
    isOutdated: isTyped && begun.version !== version,
    change: (changes) => {
      const next = { ...values, ...changes };
      const isBack = JSON.stringify(next) === JSON.stringify(initial);
      setBegun({ ...begun, values: next });
      if (isBack) drafts.drop(name);
      else setKept(drafts.write(name, { at: new Date().toISOString(), version: begun.version, values: next }));
    },
    drop: () => {
      drafts.drop(name);
      setBegun({ at: null, version, values: initial });
    },
  };
}

function found<Values extends object>(drafts: Drafts, name: string, schema: v.GenericSchema<unknown, Values>) {
  const draft = drafts.read(name);
  if (draft === undefined) return undefined;
  const read = v.safeParse(schema, draft.values);
  return read.success ? { ...draft, values: read.output } : undefined;
}
