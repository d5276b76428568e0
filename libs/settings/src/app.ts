import type { Settings } from './all.ts';

/** The part (profile) of what all systems share behind the broker. */
export const QUEUE_PART = 'queue';

/** A setting that is a port, with its value. */
export interface AppPort {
  readonly setting: string;
  readonly port: number;
}

/** One process of an app. */
export interface AppProcess {
  readonly name: string;
  /** The parts (profiles) it belongs to besides `all`. */
  readonly parts: readonly string[];
  /** Where it listens: health and metrics are at the first one. */
  readonly ports: readonly [AppPort, ...AppPort[]];
  /** Services it asks about in its readiness, by name. They are what runs beside it. */
  readonly needs: readonly string[];
  /** What tells the process which of its app it is. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What those that run an app know of it: each app declares it in its `service.ts`. */
export interface AppDeclaration {
  /** The pipeline whose app it is; absent where it serves all of them. */
  readonly pipeline?: string;
  readonly role: 'api' | 'consumer' | 'console' | 'scheduler' | 'worker';
  /** The file that Node runs, from the root of the repository. */
  readonly main: string;
  /** Its processes with these settings. */
  readonly processes: (settings: Settings) => AppProcess[];
  /** Files of the user's that run in it, by the settings that name them: it is started again when one changes. */
  readonly files?: (settings: Settings) => Record<string, string>;
}
