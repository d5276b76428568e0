import { describeFault, type Fault } from './faults.ts';

/** A fault that happened. Times are milliseconds since the drill began. */
export interface Happening {
  readonly fault: Fault;
  readonly what: string;
  readonly from: number;
  to: number;
  /** Deliveries and publishes that the process had not settled at that moment. */
  readonly unsettled?: number;
}

/** A message nobody can read, as it was published. */
export interface Poison {
  readonly kind: string;
  readonly body: Uint8Array;
}

/** Rows that an import was asked for: each exactly once in the source, whatever became of its API. */
export interface Imported {
  readonly system: string;
  readonly tag: string;
  readonly rows: number;
}

/** What was where at one moment. */
export interface Sample {
  readonly at: number;
  readonly rows: number;
  readonly stored: number;
  readonly dead: number;
  readonly attempts: number;
}

/** What the drill did, so that the checks know what to look for and people what happened. */
export class Ledger {
  readonly happenings: Happening[] = [];
  readonly poison: Poison[] = [];
  readonly imports: Imported[] = [];
  readonly samples: Sample[] = [];
  /** What should never happen and was seen while it went on, for example a run that ended in ERROR. */
  readonly oddities: string[] = [];
  copies = 0;
  rolledBack = 0;
  readonly #begun = Date.now();

  now(): number {
    return Date.now() - this.#begun;
  }

  /** Notes the beginning of a fault; the answer is to be told of its end. */
  begin(fault: Fault, unsettled?: number): Happening {
    const at = this.now();
    const known = unsettled === undefined ? {} : { unsettled };
    const happening: Happening = { fault, what: describeFault(fault), from: at, to: at, ...known };
    this.happenings.push(happening);
    return happening;
  }

  end(happening: Happening): void {
    happening.to = this.now();
  }
}
