/** Answers to a question that is asked more often than it can be answered. */
export interface Recent<Q, A> {
  /** Asks now. */
  now(question: Q): Promise<A>;
  /**
   * What was answered last, unless that is too old. From half of that age on it is asked again meanwhile, once at a time.
   */
  lately(question: Q): Promise<A>;
}

/** Keeps the last answer, for at most `maxAgeMs`. `ask` has to end: what it rejects with is thrown away where an older answer does. */
export function recent<Q, A>(
  ask: (question: Q) => Promise<A>,
  maxAgeMs: number,
  clock: () => number = () => performance.now(),
): Recent<Q, A> {
  let last: { readonly answer: A; readonly at: number } | undefined;
  let asking: Promise<A> | undefined;
  const now = async (question: Q) => {
    const at = clock();
    const answer = await ask(question);
    if (last === undefined || at >= last.at) last = { answer, at };
    return answer;
  };
  return {
    now,
    lately: async (question) => {
      const age = last === undefined ? Number.POSITIVE_INFINITY : clock() - last.at;
      if (last !== undefined && age < maxAgeMs / 2) return last.answer;
      asking ??= now(question).finally(() => (asking = undefined));
      asking.catch(() => undefined); // Heard of by whoever has nothing else.
      return last !== undefined && age < maxAgeMs ? last.answer : asking;
    },
  };
}
