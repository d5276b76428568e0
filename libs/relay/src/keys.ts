/** Which cursor: of a source that one pipeline empties. */
export interface CursorName {
  /** The pipeline's name. */
  readonly pipeline: string;
  readonly system: string;
  /** Where an earlier release kept it, see {@link unnamedCursorKey}; what is there is moved. */
  readonly formerKey?: string;
}

/** The hash of a cursor. */
export const cursorKey = ({ pipeline, system }: Pick<CursorName, 'pipeline' | 'system'>): string =>
  `esteira:cursor:${pipeline}:${system}`;

/** The hash of a cursor in releases that had one pipeline. */
export const unnamedCursorKey = (system: string): string => `esteira:cursor:${system}`;

/** The stream of what was asked of a system's API, until the history has it. */
export const actionsKey = (system: string): string => `esteira:actions:${system}`;
