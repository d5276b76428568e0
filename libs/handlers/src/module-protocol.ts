/** What a module's function is given beside the message: what the pipeline says of the attempt, and this. */
export interface ModuleContext {
  /** Fires when the attempt has run out of time; a moment later its thread is ended. */
  readonly signal: AbortSignal;
}

/** What a thread is started with. */
export interface WorkerStart {
  /** Absolute path of the module. */
  readonly path: string;
  /** The function of the module that is called; by default its default export. */
  readonly exportName: string;
}

/** What a thread is told. */
export type ToWorker =
  | {
      readonly kind: 'handle';
      readonly id: number;
      /** Both are copied into the thread. */
      readonly message: unknown;
      readonly context: object;
    }
  | { readonly kind: 'abort' };

/** What a thread says. `json` is undefined where the module answered nothing. */
export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'unloadable'; readonly message: string }
  | { readonly kind: 'answer'; readonly id: number; readonly json: string | undefined }
  | { readonly kind: 'threw'; readonly id: number; readonly message: string };
