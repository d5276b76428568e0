/** An instant as `<input type="datetime-local">` takes it: the viewer's zone, seconds kept. */
export function toLocalInput(iso: string | undefined): string {
  if (iso === undefined) return '';
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return '';
  const shifted = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 19);
}

/** What such an input gives, as an instant; undefined while it is empty or half typed. */
export function fromLocalInput(value: string): string | undefined {
  // Browsers read less than that as some day or other.
  if (!/^\d{4,}-\d\d-\d\dT\d\d:\d\d/.test(value)) return undefined;
  const at = new Date(value);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
