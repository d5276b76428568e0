import type { AttemptLog } from '@esteira/attempt-log';
import type { Redrivable } from '@esteira/dead-letters';
import type { App } from '@esteira/http';
import type { Books } from '@esteira/pipeline';
import type { Postgres } from '@esteira/postgres';
import type { Board } from '../overview/board.ts';

/** What the pages call the messages of a pipeline. */
export interface Words {
  /** One of them, for example `order`. */
  readonly message: string;
  /** Where it comes from, as a heading: `System`. */
  readonly origin: string;
  /** What it is there, as a heading: `Row`. */
  readonly key: string;
}

/** A part that the routes and the pages of one pipeline have beside those that all share. */
export type OwnPart = 'systems' | 'messages' | 'reconciliation';

/** What the console knows of a pipeline. Nothing else in it does: the shared routes and pages take it from here. */
export interface ConsolePipeline {
  /** How its dead letters are read and sent again; with it its name and its lanes. */
  readonly redrivable: Redrivable;
  /** For people, for example `Orders`. */
  readonly title: string;
  readonly words: Words;
  /** Where its dead letters, jobs and history are. */
  readonly endput: Postgres;
  /** How often a message is attempted where nothing else is said, and how long it waits before each attempt. */
  readonly retries: { readonly maxAttempts: number; readonly waitsMs: readonly number[] };
  /** Its overview; it is not started before it is asked for. */
  readonly board: () => Board;
  /** Brings into its history what was done elsewhere. Rejects where that can't be asked for. */
  readonly collect: () => Promise<void>;
  /** Its attempts, as long as they are remembered. */
  readonly attemptLog: Pick<AttemptLog, 'search'>;
  /** Whether all that it accepted is accounted for. */
  readonly books: Books;
  readonly own: OwnRoutes;
}

/** What a pipeline adds. */
export interface OwnRoutes {
  readonly parts: readonly OwnPart[];
  /** The tags of its routes, for the OpenAPI document. */
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  /** Adds them; their paths go on from `/v0/pipelines/<name>`. */
  readonly add: (app: App) => void;
}

/** A pipeline whose work in this process has begun. */
export interface OpenedPipeline {
  readonly pipeline: ConsolePipeline;
  /** Begins what must not run in two processes of one name: it is called once this console listens. */
  startJobs(): void;
  /** Ends what goes on by itself. Rejects where a part did not end in order. */
  stop(): Promise<void>;
  /** Resolves when nothing of it is under way any more: after `stop`. Never rejects. */
  ended(): Promise<void>;
  /** Lets go of the servers that it alone has: after `stop`, with what all have. */
  close(): Promise<void>;
}
