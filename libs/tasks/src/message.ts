import {
  invalid,
  writeHeaders,
  type Codec,
  type Identity,
  type JsonValue,
  type OutgoingMessage,
  type Reading,
} from '@esteira/pipeline';
import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { tasksPipeline } from './pipeline.ts';
import { slotTaskId } from './task-id.ts';

const uuid = Type.String({ pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' });

/** A task as a message has it. */
const schema = Type.Object({
  task_id: uuid,
  type: Type.String({ minLength: 1, maxLength: 255 }),
  schedule_id: Type.Union([uuid, Type.Null()]),
  slot: Type.Union([
    Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$', description: 'ISO 8601, in UTC.' }),
    Type.Null(),
  ]),
  timeout_ms: Type.Integer({ minimum: 1 }),
  payload: Type.Unknown(),
});
type Body = Static<typeof schema>;
const compiled = Compile(schema);
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A task, as whoever does it sees it. */
export interface Task {
  readonly taskId: string;
  readonly type: string;
  readonly payload: JsonValue;
  /** The schedule whose slot it is; null where it was handed in. */
  readonly scheduleId: string | null;
  /** ISO 8601, in UTC, with milliseconds. */
  readonly slot: string | null;
  /** The longest an attempt of it may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** Where tasks come from that no schedule made. */
const HANDED_IN = 'api';

/** Who a task is: of a schedule its slot, or one that was handed in. */
export function identityOf({ taskId, scheduleId, slot }: Pick<Task, 'taskId' | 'scheduleId' | 'slot'>): Identity {
  return { messageId: taskId, origin: scheduleId ?? HANDED_IN, key: slot ?? taskId, incarnation: null };
}

/** Reads a body. One that says another id than its schedule and slot have proves nobody. */
export function readTask(body: Uint8Array): Reading<Task> {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(body));
  } catch {
    return { failure: invalid('not-json', 'The body is no JSON in UTF-8.') };
  }
  if (!compiled.Check(value)) return { failure: invalid('schema', problemOf(value)) };
  const task = taskOf(value);
  const problem = whoElse(task);
  return problem === undefined
    ? { identity: identityOf(task), madeAt: task.slot, message: task }
    : { failure: invalid('identity', problem) };
}

function problemOf(value: unknown): string {
  const [first] = compiled.Errors(value);
  return first === undefined ? 'The body is no task.' : `The body is no task: ${first.instancePath} ${first.message}.`;
}

function whoElse({ taskId, scheduleId, slot }: Task): string | undefined {
  if (scheduleId === null && slot === null) return undefined;
  if (scheduleId === null || slot === null) return 'A slot is a schedule’s, and a schedule’s task has one.';
  const at = Date.parse(slot);
  if (Number.isNaN(at) || at < 0) return `There is no time ${slot} that a slot can have.`;
  const id = slotTaskId(scheduleId, at);
  return id === taskId ? undefined : `The task of this slot is ${id}.`;
}

function taskOf({ task_id, type, schedule_id, slot, timeout_ms, payload }: Body): Task {
  return {
    ...{ taskId: task_id, type, payload: payload as JsonValue },
    ...{ scheduleId: schedule_id, slot, timeoutMs: timeout_ms },
  };
}

export const taskCodec: Codec<Task> = {
  read: readTask,
  originOf: () => undefined, // An id is a time and a hash: it tells no schedule.
};

/** A task on its way to its lane, for its first attempt. */
export interface OutgoingTask extends Task {
  readonly lane: string;
  readonly maxAttempts: number;
}

/** @param payload the JSON text of the task's payload, which many tasks of a schedule share */
export function taskMessage(task: OutgoingTask, payload = JSON.stringify(task.payload)): OutgoingMessage {
  const { taskId, type, scheduleId, slot, timeoutMs, lane, maxAttempts } = task;
  const known = { task_id: taskId, type, schedule_id: scheduleId, slot, timeout_ms: timeoutMs };
  const { name, schemaVersion } = tasksPipeline.types[0];
  return {
    messageId: taskId,
    type: name,
    lane,
    body: Buffer.from(`${JSON.stringify(known).slice(0, -1)},"payload":${payload}}`),
    headers: writeHeaders({ schemaVersion, attempt: 1, maxAttempts, round: 1 }),
  };
}
