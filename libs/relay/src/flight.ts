/** Pages on their way: published at once, confirmed whenever that is, written down one after the other as they were read. */
export interface Flight {
  /** Resolves when another page may start; rejects when a page failed. */
  room(): Promise<void>;
  /** Starts publishing a page. `written` runs once it is confirmed and all pages before it are written down. */
  start(confirmed: Promise<void>, written: () => Promise<void>): void;
  /** Resolves when every page is written down; rejects with the first that failed. Later ones are not written down. */
  landed(): Promise<void>;
}

/** A flight of at most `most` pages at once. `onFailure` hears of the first page that failed, at once. */
export function openFlight(most: number, onFailure: (error: unknown) => void): Flight {
  const pages: Promise<void>[] = [];
  let last = Promise.resolve();
  return {
    async room() {
      while (pages.length >= most) {
        await pages[0];
        void pages.shift();
      }
    },
    start(confirmed, written) {
      // A page may fail long before its turn comes: it is heard here, and again where its turn is awaited.
      confirmed.catch(onFailure);
      last = last.then(() => confirmed).then(written);
      last.catch(onFailure);
      pages.push(last);
    },
    landed: () => last,
  };
}
