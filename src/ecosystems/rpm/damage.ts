import type { FileProblem } from '#ecosystems/types.ts'
import { LimitError } from '#lib/limit-error.ts'
import type { ProblemCode } from '#model/problem.ts'

/** A part of a package database that is not as its format says. */
export class Damage extends Error {
  readonly code: ProblemCode

  constructor(code: ProblemCode, message: string) {
    super(message)
    this.name = 'Damage'
    this.code = code
  }
}

/** What a reader threw, as a problem of the file; anything that is not an `Error` is thrown on. */
export function asProblem(error: unknown): FileProblem {
  if (error instanceof Damage) return { code: error.code, detail: error.message }
  if (error instanceof LimitError) return { code: 'limit', detail: error.message }
  if (error instanceof Error) return { code: 'unreadable', detail: error.message }
  throw error
}
