import type { Env } from '@esteira/config';
import type { Settings } from '@esteira/settings';
import type { LogOptions } from './log-lines.ts';

/** One process or server, as `make status` shows it. */
export interface ServiceStatus {
  readonly name: string;
  readonly kind: 'server' | 'app';
  readonly state: 'up' | 'down' | 'starting';
  readonly address: string;
  readonly detail?: string;
  readonly pid?: number;
}

/** Takes a line of progress for people. */
export type Report = (line: string) => void;

/** What runs the servers and the apps: Docker Compose, or native servers under a supervisor. */
export interface Runtime {
  readonly name: 'docker' | 'native';
  /**
   * Installs what is missing, chooses ports, starts a profile (`all`, `servers`, `queue`, or a system's name) besides
   * what runs already, and waits until everything is ready. Idempotent. Resolves with the settings that are true now.
   */
  start(env: Env, options: { profile: string; report: Report }): Promise<Settings>;
  /** Stops everything, keeps the data. Idempotent. */
  stop(options: { report: Report }): Promise<void>;
  /** Stops the apps alone: the servers go on, and so do the settings of the last start. Idempotent. */
  stopApps(options: { report: Report }): Promise<void>;
  status(): Promise<ServiceStatus[]>;
  /** Writes logs to stdout. */
  logs(options: LogOptions): Promise<void>;
  restart(service: string): Promise<void>;
  /** Stops and removes everything that starting made (data, volumes, `.env`), and nothing else. */
  prune(options: { report: Report }): Promise<void>;
}
