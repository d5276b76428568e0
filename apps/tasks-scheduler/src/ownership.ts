import type { Sql } from '@esteira/postgres';
import { candidatesOf, idDigest, ownerOf, type Candidate, type Schedule } from '@esteira/tasks/domain';
import { changesSince, horizonNow, livingSchedulers, schedulesPage } from '@esteira/tasks/store';
import type { Plan } from './plan.ts';

/** Schedules that are read at once. */
const PAGE = 10_000;

/** Keeps the plan of a scheduler to the schedules that are its own, as they are now. */
export class Ownership {
  readonly #sql: Sql;
  readonly #plan: Plan;
  readonly #worker: string;
  #candidates: readonly Candidate[] = [];
  #horizon: string | undefined;

  constructor(sql: Sql, plan: Plan, worker: string) {
    this.#sql = sql;
    this.#plan = plan;
    this.#worker = worker;
  }

  /** Who shares the schedules, as this scheduler sees it. */
  get schedulers(): string[] {
    return this.#candidates.map(({ schedulerId }) => schedulerId);
  }

  /** Reads what people changed, or everything where schedulers came or went. Answers whether it read everything. */
  async look(): Promise<boolean> {
    const living = await livingSchedulers(this.#sql);
    const isChanged = living.join('\n') !== this.schedulers.join('\n');
    if (!isChanged && this.#horizon !== undefined) {
      await this.#takeChanges(this.#horizon);
      return false;
    }
    this.#horizon = undefined; // Until everything is read, the next look reads everything again.
    const horizon = await horizonNow(this.#sql);
    this.#candidates = candidatesOf(living);
    await this.#readAll();
    this.#horizon = horizon;
    return true;
  }

  async #takeChanges(since: string): Promise<void> {
    const { changed, deleted, horizon } = await changesSince(this.#sql, since);
    for (const schedule of changed) if (this.#owns(schedule)) this.#plan.put(schedule);
    for (const scheduleId of deleted) this.#plan.remove(scheduleId);
    this.#horizon = horizon;
  }

  async #readAll(): Promise<void> {
    const others = new Set(this.#plan.ids());
    let last: string | null = null;
    for (;;) {
      const page: Schedule[] = await schedulesPage(this.#sql, last, PAGE);
      for (const schedule of page) {
        if (!this.#owns(schedule)) continue;
        others.delete(schedule.scheduleId);
        this.#plan.put(schedule);
      }
      last = page.at(-1)?.scheduleId ?? null;
      if (last === null || page.length < PAGE) break;
    }
    for (const scheduleId of others) this.#plan.remove(scheduleId);
  }

  #owns({ scheduleId }: Schedule): boolean {
    return ownerOf(idDigest(scheduleId), this.#candidates) === this.#worker;
  }
}
