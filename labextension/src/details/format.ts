/** Times and values as people read them. */

/** A time of the shelf (ISO 8601, UTC) in the reader's own language and zone; as it is where it is no time. */
export function formatTime(iso: string): string {
  const time = new Date(iso);
  return Number.isNaN(time.getTime())
    ? iso
    : time.toLocaleString(undefined, {
        dateStyle: 'medium',
        timeStyle: 'short'
      });
}

/** A value of a diff's fact: texts as they are, lists with commas, nothing as a dash. */
export function formatFact(value: unknown): string {
  if (Array.isArray(value)) {
    return value.length ? value.map(formatFact).join(', ') : '–';
  }
  if (value === null || value === undefined || value === '') {
    return '–';
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}
