/**
 * Thrown by a bounded reader when input asks for more than its bound: bytes, entries, depth or ratio.
 * Whoever holds the location turns it into a problem; it never reaches a person as a crash.
 */
export class LimitError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'LimitError'
  }
}
