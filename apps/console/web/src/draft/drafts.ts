import * as v from 'valibot';

/** What somebody has typed and not sent yet, as the tab keeps it: until it is sent or discarded, whatever is closed. */
export interface StoredDraft {
  /** When it was last typed at, ISO 8601. */
  readonly at: string;
  /** Which version of what is edited it was typed over; empty where there are no versions. */
  readonly version: string;
  readonly values: unknown;
}

const stored = v.object({ at: v.string(), version: v.string(), values: v.unknown() });

/** A tab's storage: gone with the tab, kept by a reload. */
type Shelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

/** The storage of this tab; where the browser refuses it, one that keeps nothing. */
export function tabShelf(): Shelf {
  try {
    return window.sessionStorage;
  } catch {
    return REFUSED;
  }
}

const REFUSED: Shelf = {
  length: 0,
  key: () => null,
  getItem: () => null,
  setItem: () => {
    throw new Error('This browser keeps nothing for this page.');
  },
  removeItem: () => undefined,
};

const PREFIX = 'esteira-draft ';

/** The drafts of one person in one tab: another who signs in there does not meet them. */
export class Drafts {
  readonly #shelf: Shelf;
  readonly #prefix: string;

  /** @param person the name of the key of who is signed in; empty where nobody has to. */
  constructor(shelf: Shelf, person: string) {
    this.#shelf = shelf;
    this.#prefix = `${PREFIX}${person} `;
  }

  /** What is kept under a name; undefined where there is nothing that can be read. */
  read(name: string): StoredDraft | undefined {
    try {
      return v.parse(stored, JSON.parse(this.#shelf.getItem(this.#prefix + name) ?? ''));
    } catch {
      return undefined; // None, or of another release: nothing that could be shown.
    }
  }

  /** Keeps a draft. Where the storage is full or refused, it is as if there were no drafts: false. */
  write(name: string, draft: StoredDraft): boolean {
    try {
      this.#shelf.setItem(this.#prefix + name, JSON.stringify(draft));
      return true;
    } catch {
      return false;
    }
  }

  drop(name: string): void {
    this.#shelf.removeItem(this.#prefix + name);
  }

  /** The names of all that are kept. */
  names(): string[] {
    const keys = Array.from({ length: this.#shelf.length }, (_, index) => this.#shelf.key(index) ?? '');
    return keys.filter((key) => key.startsWith(this.#prefix)).map((key) => key.slice(this.#prefix.length));
  }

  dropAll(): void {
    for (const name of this.names()) this.drop(name);
  }
}
