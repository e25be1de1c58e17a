/**
 * An operation that could not be done (a registry refused, a flag is wrong), told so that a person can act on it.
 * Bugs throw `Error`; what is unreadable inside a target is a `Problem`; everything else is this.
 */
export class Failure extends Error {
  /** A key of the failure table, such as `registry/unauthorized`. */
  readonly code: string
  /** What to do about it, one sentence, or nothing. */
  readonly hint: string | undefined

  constructor(code: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'Failure'
    this.code = code
    this.hint = options.hint
  }
}
