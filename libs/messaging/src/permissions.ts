import { BrokerUnavailable, type Broker } from './broker.ts';

/** What a user needs a permission for: to publish to an exchange, or to take from a queue. */
export type Permission = 'write' | 'read';

/**
 * The user of a connection lacks a permission. The message names it, and how to give it. It may be given at any time:
 * whoever tries again goes on by itself then.
 */
export class PermissionMissing extends BrokerUnavailable {
  override name = 'PermissionMissing';
}

/** An error that says which permission is missing, where RabbitMQ refused for want of one; otherwise the one it gave. */
export function withPermission<E>(error: E, broker: Broker, needs: Permission, on: string): E | PermissionMissing {
  return isRefusal(error) ? permissionMissing(error, broker, needs, on) : error;
}

/** RabbitMQ 3.10 does not say which permission it asked for. An exclusive queue is refused with the same code. */
function isRefusal(error: unknown): error is Error {
  return error instanceof Error && /ACCESS_REFUSED.* refused for user /.test(error.message);
}

function permissionMissing(error: Error, { account }: Broker, needs: Permission, on: string): PermissionMissing {
  const { user, virtualHost } = account;
  return new PermissionMissing(
    `User "${user}" has no permission ${needs} on ${on} in virtual host "${virtualHost}" of RabbitMQ. ` +
      `Give it: rabbitmqctl set_permissions -p ${virtualHost} ${user} CONFIGURE WRITE READ, where ${needs.toUpperCase()} is a pattern that matches ` +
      `the names of Esteira (esteira.* and its queues); all three are set at once, and rabbitmqctl list_user_permissions ${user} shows what they are now. ` +
      `It goes on by itself then. (${error.message})`,
  );
}
