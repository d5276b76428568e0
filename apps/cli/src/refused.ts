/** A command can't do what it was asked to; its message says why and what to do. No stack is shown for it. */
export class Refused extends Error {
  override name = 'Refused';
}
