import type { Sql } from '@esteira/postgres';

const DAY_MS = 86_400_000;
/** Days that are made in one transaction: each takes locks of its own. */
const MOST = 20;

const dayOf = (time: number) => Math.floor(time / DAY_MS);

/** The days whose tasks have a place in the store, as far as this process knows. */
export class TaskDays {
  readonly #sql: Sql;
  readonly #made = new Set<number>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Makes the days of these times, those that are not known to be there. @param times in milliseconds since 1970 */
  async ensure(times: readonly number[]): Promise<void> {
    const missing = [...new Set(times.map(dayOf))].filter((day) => !this.#made.has(day));
    for (let from = 0; from < missing.length; from += MOST) {
      const some = missing.slice(from, from + MOST);
      const dates = some.map((day) => new Date(day * DAY_MS).toISOString().slice(0, 10));
      await this.#sql.query('SELECT ensure_task_days($1::date[])', [dates]);
      for (const day of some) this.#made.add(day);
    }
  }

  /** Makes this day and the next: nobody waits for it at midnight. */
  ahead(now: number): Promise<void> {
    return this.ensure([now, now + DAY_MS]);
  }
}
