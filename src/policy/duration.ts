const second = 1000
const units: Readonly<Record<string, number>> = {
  s: second,
  m: 60 * second,
  h: 3600 * second,
  d: 24 * 3600 * second,
  w: 7 * 24 * 3600 * second,
}

/** One day in milliseconds. */
export const day = 24 * 3600 * second

/** Milliseconds of `30s`, `15m`, `24h`, `30d` or `2w`; undefined for anything else, zero included. */
export function parseDuration(text: string): number | undefined {
  const match = /^([1-9][0-9]{0,5})([smhdw])$/.exec(text)
  return match === null ? undefined : Number(match[1]) * (units[match[2] ?? ''] ?? Number.NaN)
}

/** A duration for people, in the largest unit that divides it: `7 days`, `36 hours`. */
export function formatDuration(milliseconds: number): string {
  const [size, name] = ([
    [day, 'day'],
    [3600 * second, 'hour'],
    [60 * second, 'minute'],
  ].find(([unit]) => milliseconds >= (unit as number) && milliseconds % (unit as number) === 0) ?? [
    second,
    'second',
  ]) as [number, string]
  const count = Math.round(milliseconds / size)
  return `${count} ${name}${count === 1 ? '' : 's'}`
}

/** Milliseconds of an RFC 3339 time or date; undefined for anything that is none. */
export function parseTime(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{4}-\d{2}-\d{2}(?:[Tt ][\d:.]{5,30}(?:[Zz]|[+-]\d{2}:\d{2}))?$/.test(text))
    return undefined
  const time = Date.parse(text)
  return Number.isNaN(time) ? undefined : time
}

/** RFC 3339 in UTC, whole seconds. */
export function formatTime(milliseconds: number): string {
  return new Date(Math.floor(milliseconds / second) * second).toISOString().replace('.000Z', 'Z')
}
