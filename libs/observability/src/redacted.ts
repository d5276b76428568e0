/** `scheme://user:` and what follows up to `@`, in a text or in a line of JSON: it never reaches across a quote. */
const URL_PASSWORD = /([a-z][a-z+.-]{0,20}:\/\/[^:@/\s"'\\]*):(?:\\.|[^@/\s"\\])*@/gi;
/** A member of a JSON object whose name says that its value is nobody's business: a text, or several. */
const SECRET_MEMBER =
  /"((?:[\w-]{0,40}(?:password|passwd|secret|token|api[-_]?key))|authorization|proxy-authorization|cookie|set-cookie)":(?:"(?:\\.|[^"\\])*"|\[[^\]]*\])/gi;
/** Credentials of HTTP, under whatever name. */
const CREDENTIALS = /\b(Basic|Bearer) [A-Za-z0-9+/=._~-]{8,}/g;

/** A text without the passwords of the URLs in it. */
export function withoutPasswords(text: string): string {
  return text.replace(URL_PASSWORD, '$1:***@');
}

/**
 * A line of the log, in JSON, without secrets at whatever depth: in causes, in nested errors, in the configuration that
 * a driver hangs on its errors.
 */
export function redacted(line: string): string {
  return withoutPasswords(line).replace(SECRET_MEMBER, '"$1":"[redacted]"').replace(CREDENTIALS, '$1 [redacted]');
}
