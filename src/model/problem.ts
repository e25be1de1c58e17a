import type { Location } from './location.ts'

/** Why a part of a target could not be read. Codes are stable: policies and reports name them. */
export const problemCodes = [
  'unreadable', // the file is damaged or not what its name says
  'truncated', // it ends before its own structure does
  'limit', // it asked for more bytes, entries, depth or time than is allowed
  'unsupported', // a version or format that Sluice does not know
  'digest-mismatch', // the bytes are not the ones the manifest names
  'missing', // a part that the manifest names is not there
  'encrypted', // an encrypted layer or archive member
  'unknown-distribution', // operating-system packages without a release that advisories cover
] as const

export type ProblemCode = (typeof problemCodes)[number]

/** Something in the target that could not be read. A verdict over problems is `incomplete`, never a silent pass. */
export interface Problem {
  readonly code: ProblemCode
  /** One sentence without a full stop, for people; may hold text from the target, so renderers escape it. */
  readonly detail: string
  readonly location?: Location
}
