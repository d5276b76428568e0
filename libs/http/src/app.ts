import type { Logger, Metrics } from '@esteira/observability';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyError, type FastifyReply } from 'fastify';
import { addAccess, type Access } from './access/access.ts';
import type { App } from './app-type.ts';
import { expectationFailed, malformedRequest, methodNotAllowed, notFound, shuttingDown } from './common-problems.ts';
import { addDocumentation, type ApiInfo } from './documentation.ts';
import { toProblem, type Classify } from './errors.ts';
import { foreignCaller, READING } from './guard.ts';
import { addHeaders } from './headers.ts';
import { addHealthRoutes, type Checks } from './health.ts';
import { knownPaths } from './method-not-allowed.ts';
import { addMetrics } from './metrics.ts';
import { takeMissingBodies } from './optional-body.ts';
import { addCompression, addPage, isView } from './page.ts';
import { isProblem, PROBLEM_JSON, problemBody, type ProblemError } from './problem.ts';
import { RequestLog } from './request-log.ts';
import { validatorCompiler } from './validation.ts';

/** What an app needs. */
export interface AppOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly info: ApiInfo;
  /** The names it may be asked under, comma-separated, without ports: a foreign `Host` or `Origin` is refused. */
  readonly allowedHosts: string;
  /** Who is believed when they say for whom they ask (`X-Forwarded-For`), comma-separated: addresses, networks, `loopback`. */
  readonly trustedProxies: string;
  /** What `/health/ready` asks. */
  readonly checks: Checks;
  /** Who may use it. */
  readonly access: Access;
  /** The directory of a built page to serve; its views are all paths where nothing else is. */
  readonly page?: string;
  /** Knows the errors of the app's dependencies. */
  readonly classify?: Classify;
}

/** Limits that a route may change for itself (`bodyLimit`, `handlerTimeout`), except those of the server. */
const LIMITS = {
  /** A JSON body, in bytes. */
  bodyLimit: 65_536,
  /** From the request to the answer, in milliseconds. */
  handlerTimeout: 30_000,
  /** A connection on which nothing moves, in milliseconds. Also while a long import or insert is at work. */
  connectionTimeout: 600_000,
  /** The headers of a request, in milliseconds. */
  headersTimeout: 15_000,
  /** A whole request with its body, in milliseconds: the longest upload. */
  requestTimeout: 6 * 3_600_000,
  keepAliveTimeout: 72_000,
} as const;

/**
 * Makes an app with the defaults of this project: strict validation, problem details for every error, health, metrics
 * and documentation. Add routes, then listen.
 */
export async function createApp(options: AppOptions): Promise<App> {
  const { headersTimeout, ...limits } = LIMITS;
  const app: App = fastify({
    ...limits,
    http: { headersTimeout },
    loggerInstance: options.logger,
    logController: new RequestLog(),
    // A slow answer is ended by its own limit; connections that only idle are closed at once.
    forceCloseConnections: 'idle',
    // What ends TLS says who asks.
    trustProxy: options.trustedProxies.split(',').map((entry) => entry.trim()),
    // Fastify's own answer is no problem: ours is a hook.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      request.log.info({ url: request.raw.url }, error.message);
      void sendProblem(reply, malformedRequest(error.message));
    },
    clientErrorHandler: answerUnreadable,
  }).withTypeProvider<TypeBoxTypeProvider>();
  takeJsonAlone(app);
  takeMissingBodies(app);
  answerExpectations(app);
  app.setValidatorCompiler(validatorCompiler);
  // Answers are what the handlers make of them; a serializer made from the schema would drop what it does not name.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  addErrors(app, options.classify ?? (() => undefined));
  refuseWhileClosing(app);
  addGuards(app, options.allowedHosts, options.page !== undefined);
  await addHeaders(app);
  if (options.page !== undefined) await addCompression(app);
  await addDocumentation(app, options.info, options.access.keys.length > 0);
  await addAccess(app, options.access);
  if (options.page !== undefined) addPage(app, options.page);
  addMetrics(app, options.metrics);
  addHealthRoutes(app, options.checks);
  return app;
}

/**
 * Fastify would take `text/plain` too. Many clients say `application/json` without a body: whether a route needs one is
 * for its schema to say.
 */
function takeJsonAlone(app: App): void {
  app.removeContentTypeParser('text/plain');
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, body as string, done);
  });
}

function addErrors(app: App, classify: Classify): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = toProblem(error, request, classify);
    // A problem that a route answers on purpose explains itself; the stack of any other is for whoever mends it.
    if (!isProblem(error) && problem.statusCode >= 500) request.log.error({ err: error }, problem.message);
    else if (problem.statusCode >= 500) request.log.warn({ code: problem.code }, problem.message);
    return sendProblem(reply, problem);
  });
}

function sendProblem(reply: FastifyReply, problem: ProblemError): FastifyReply {
  const { retryAfterSeconds } = problem.kind;
  if (problem.statusCode === 401) reply.header('www-authenticate', 'Bearer');
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds);
  return reply.code(problem.statusCode).type(PROBLEM_JSON).send(problemBody(problem));
}

/** On connections that are kept alive, requests still come while the others are finished. */
function refuseWhileClosing(app: App): void {
  let closing = false;
  app.addHook('preClose', (done) => {
    closing = true;
    done();
  });
  app.addHook('onRequest', (_request, reply, done) => {
    if (!closing) {
      done();
      return;
    }
    reply.header('connection', 'close');
    done(shuttingDown('The service is being stopped. Ask again when it is back.'));
  });
}

/** What is decided before a body is read: who may ask, and whether there is something to ask. */
function addGuards(app: App, allowedHosts: string, hasPage: boolean): void {
  const paths = knownPaths();
  const names = new Set(allowedHosts.toLowerCase().split(','));
  app.addHook('onRoute', ({ url, method }) => {
    paths.add(url, Array.isArray(method) ? method : [method]);
  });
  app.addHook('onRequest', (request, reply, done) => {
    const foreign = foreignCaller(request.headers, names, READING.has(request.method));
    if (foreign !== undefined) {
      done(foreign);
      return;
    }
    if (!request.is404) {
      done();
      return;
    }
    const path = request.url.split('?', 1)[0] ?? '';
    const allowed = paths.methodsOf(path);
    if (allowed.length === 0 && hasPage && isView(request)) {
      done();
      return;
    }
    if (allowed.length === 0) {
      done(notFound(`There is nothing at ${path}. GET /docs shows what there is.`));
      return;
    }
    reply.header('allow', allowed.join(', '));
    done(methodNotAllowed(`${path} takes ${allowed.join(', ')}, not ${request.method}.`));
  });
}

/** Node answers an `Expect` that is not `100-continue` by itself, with no word of why. */
function answerExpectations(app: App): void {
  app.server.on('checkExpectation', (request, response) => {
    const body = problemBody(
      expectationFailed(`Expect: ${request.headers.expect ?? ''} is nothing this service does.`),
    );
    response.writeHead(expectationFailed.status, { 'content-type': PROBLEM_JSON }).end(JSON.stringify(body));
  });
}

/** What is not HTTP never becomes a request; the socket gets its answer, unless it is gone already. */
function answerUnreadable(error: Error, socket: { writable: boolean; end(text: string): void; destroy(): void }): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(problemBody(malformedRequest(`The request is not readable: ${error.message}.`)));
  const head = `HTTP/1.1 400 Bad Request\r\nContent-Type: ${PROBLEM_JSON}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`;
  socket.end(head + body);
}
