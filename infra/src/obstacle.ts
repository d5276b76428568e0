/** Something on this machine that a person has to mend; its message says what and how. No stack is shown for it. */
export class Obstacle extends Error {
  override name = 'Obstacle';
}
