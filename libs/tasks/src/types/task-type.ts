import type { Attempt, Failure, HandlerOutcome, JsonValue } from '@esteira/pipeline';
import type { Static, TSchema } from 'typebox';
import type { Task } from '../message.ts';

/** What a type knows of an attempt beside the payload. */
export interface TaskRun extends Omit<Task, 'payload'> {
  readonly attempt: Attempt;
  /** Fires when the time of the attempt is over, or the worker stops without waiting any longer: then it must end. */
  readonly signal: AbortSignal;
}

/** Why there is no such task. */
export interface TaskProblem extends Failure {
  readonly code: 'unknown-type' | 'invalid-payload';
  /** Where in the payload: a JSON pointer, empty for the whole. */
  readonly pointer?: string;
}

/** What is wrong in a payload, and where. */
export type PayloadProblem = Required<Pick<TaskProblem, 'pointer' | 'message'>>;

/** Where attempts wait for a place. cockatiel's bulkhead is one. */
export interface TaskSlots {
  execute<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

/** What a type of task does. */
export interface TaskType {
  readonly name: string;
  /** Other names that it answers to; a task keeps the one that it was asked for by. */
  readonly aliases?: readonly string[];
  /** For people, in one sentence. */
  readonly description: string;
  /** JSON Schema of the payload. */
  readonly payload: TSchema;
  /** Where its attempts wait, if they do: the time of each begins when it has a place. */
  readonly slots?: TaskSlots;
  /** What no schema can say of a payload that keeps to it. Pure. */
  problem?(payload: JsonValue): PayloadProblem | undefined;
  /** Makes one attempt. What it throws has failed this attempt; it ends soon after its signal has fired. */
  run(payload: JsonValue, run: TaskRun): HandlerOutcome | Promise<HandlerOutcome>;
}

/** A type whose functions get the payload as its schema describes it. */
export interface TaskTypeOf<S extends TSchema> extends Omit<TaskType, 'payload' | 'problem' | 'run'> {
  readonly payload: S;
  problem?(payload: Static<S>): PayloadProblem | undefined;
  run(payload: Static<S>, run: TaskRun): HandlerOutcome | Promise<HandlerOutcome>;
}

/** The type that is described; it is asked only for payloads that keep to its schema. */
export function defineTaskType<S extends TSchema>(type: TaskTypeOf<S>): TaskType {
  return type;
}
