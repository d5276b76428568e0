import { onTestFinished } from 'vitest';

/**
 * From now on, until the test ends, calls of a method cost what `costOf` says, and the one that would cost more than
 * `most` in all throws. Operations are counted and not time, so that it holds on a machine of any speed.
 */
export function boundCost<T extends object>(
  owner: T,
  method: keyof T & string,
  costOf: (self: T) => number,
  most: number,
): void {
  const original = owner[method] as (...args: unknown[]) => unknown;
  let cost = 0;
  const counting = function (this: T, ...args: unknown[]): unknown {
    cost += costOf(this);
    if (cost > most) throw new Error(`${method} costs more than ${most} in all`);
    return Reflect.apply(original, this, args);
  };
  Object.assign(owner, { [method]: counting });
  onTestFinished(() => {
    Object.assign(owner, { [method]: original });
  });
}
