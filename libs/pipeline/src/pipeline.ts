/**
 * One kind of work that moves through the core. Its name is the label on queues, metrics, attempts, dead letters and
 * routes, and a part of every message id: it never changes.
 */
export interface Pipeline {
  /** For example `orders`. */
  readonly name: string;
  /** The AMQP `type` of its messages, for example `order.placed`. */
  readonly type: string;
  /** The newest schema version this build understands; carried in `x-schema-version`. */
  readonly schemaVersion: number;
  /** Its queues. A lane's name is its routing key; the queue is `<pipeline>.<lane>`. */
  readonly lanes: readonly [string, ...string[]];
}
