import { beginLoneTrial, outlastTrial, spareTrial, type CrashesCounted } from '@esteira/dead-letters';
import type { Sql } from '@esteira/postgres';

/**
 * The suspects that run in a process, and those of them that a crash counts against: the one that is alone; afterwards the
 * only one that runs, for less; none from when the process is asked to stop.
 */
export class RunningSuspects {
  /** With each, when it is written down that a crash counts against it. */
  readonly #running = new Map<string, Promise<void>>();
  readonly #blamed = new Map<string, keyof CrashesCounted>();
  #stopping = false;

  /** A crash counts against this one from now on, and no more against those that came before it. */
  begin(sql: Sql, pipeline: string, key: string): Promise<void> {
    const blame = this.#blame(sql, pipeline, key);
    // At once: who comes in beside it while that is written must find it here.
    this.#running.set(key, blame);
    return blame;
  }

  async #blame(sql: Sql, pipeline: string, key: string): Promise<void> {
    for (const earlier of [...this.#blamed.keys()]) await this.#spare(sql, earlier);
    if (this.#stopping) return;
    await beginLoneTrial(sql, pipeline, key);
    this.#blamed.set(key, 'alone');
  }

  /** This one was alone and lives, and others come in beside it. */
  async outlast(sql: Sql, key: string): Promise<void> {
    const blame = this.#running.get(key);
    const isOnly = this.#running.size === 1 && !this.#stopping;
    await blame;
    if (!this.#blamed.has(key)) return;
    await outlastTrial(sql, key, isOnly);
    if (isOnly) this.#blamed.set(key, 'beside');
    else this.#blamed.delete(key);
  }

  end(key: string): void {
    this.#running.delete(key);
    this.#blamed.delete(key);
  }

  /** The process was asked to stop: what ends it from now on, be it a kill from outside, counts against none. */
  async spareAll(sql: Sql): Promise<void> {
    this.#stopping = true;
    await Promise.allSettled(this.#running.values());
    for (const key of [...this.#blamed.keys()]) await this.#spare(sql, key);
  }

  async #spare(sql: Sql, key: string): Promise<void> {
    const blame = this.#blamed.get(key);
    if (blame === undefined) return;
    await spareTrial(sql, key, blame);
    this.#blamed.delete(key);
  }
}
