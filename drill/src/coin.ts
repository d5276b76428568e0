/**
 * The drill's verifier: a coin for each attempt. It answers differently each time it is asked, so that a copy of a
 * message may come to another end than the first one: what must hold then is that the endput decides.
 */
export function verify(): { kind: 'succeeded' } | { kind: 'retry'; error: { code: string; message: string } } {
  if (Math.random() < 0.5) return { kind: 'succeeded' };
  return { kind: 'retry', error: { code: 'tails', message: 'The coin fell on tails.' } };
}
