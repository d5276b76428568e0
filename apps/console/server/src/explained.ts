/** What a person reads: the causes too, which `fetch failed` and a refused connection keep inside. */
export function explained(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error instanceof AggregateError ? (error.errors as unknown[]) : [error.cause];
  const causes = inner.filter((cause) => cause instanceof Error).map(explained);
  return [error.message, ...causes].filter((text) => text !== '').join(': ') || error.name;
}
