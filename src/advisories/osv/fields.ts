/** A value that is no OSV record, or not one of this ecosystem: whoever published it made a mistake. */
export class BrokenRecord extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'BrokenRecord'
  }
}

/**
 * A time as OSV writes it, RFC 3339 in UTC with or without fractions; undefined for anything else. Real feeds have years
 * without their leading zeros, where a database had no time: those are put back.
 */
export function readTime(text: string): string | undefined {
  const year = text.indexOf('-')
  const padded = year > 0 && year < 4 ? text.padStart(text.length + 4 - year, '0') : text
  return timePattern.test(padded) && !Number.isNaN(Date.parse(padded)) ? padded : undefined
}

/** True for what may be an advisory's id: also a safe file name. */
export function isId(text: string): boolean {
  return idPattern.test(text)
}

const idPattern = /^[A-Za-z0-9][A-Za-z0-9._:+-]{0,127}$/
const timePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/
