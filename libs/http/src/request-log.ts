import { LogController, type FastifyReply, type FastifyRequest } from 'fastify';

/** What is polled or only looked at. */
const QUIET = /^\/(health|metrics|docs|redoc)\b/;

/** One line for each answered request; a request that is only taken is worth no line of its own. */
export class RequestLog extends LogController {
  override incomingRequest(): void {
    // The answer's line says it all.
  }

  override requestCompleted(error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    const { method, url } = request;
    const line = { method, url, status: reply.statusCode, duration_ms: Math.round(reply.elapsedTime) };
    if (error) request.log.error({ ...line, err: error }, 'answer broke off');
    else request.log[QUIET.test(url) ? 'debug' : 'info'](line, `${method} ${url} ${reply.statusCode}`);
  }
}
