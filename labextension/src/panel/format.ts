const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Bytes as the command says them: 43.2 MB. */
export function formatBytes(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? ''}`;
}

/** A part of bytes, the unit once where it is the same: 43.2 of 64.8 MB. */
export function formatPart(part: number, whole: number): [string, string] {
  const said = formatBytes(whole);
  const unit = said.slice(said.indexOf(' '));
  const there = formatBytes(part);
  return [there.endsWith(unit) ? there.slice(0, -unit.length) : there, said];
}

/** Seconds as people read them: 338 ms, 2.2 s. */
export function formatSeconds(seconds: number): string {
  return seconds < 1
    ? `${Math.round(seconds * 1000)} ms`
    : `${seconds.toFixed(1)} s`;
}
