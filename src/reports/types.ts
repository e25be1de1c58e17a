import type { ScanResult } from '#model/report.ts'

/** The contract of the report family: one pure file per format. */
export interface ReportFormat {
  /** The name in `-o name[=FILE]`. */
  readonly id: string
  readonly title: string
  readonly spec: string
  readonly mediaType: string
  readonly extension: string
  readonly load: () => Promise<RenderReport>
}

/**
 * The whole document as text, in pieces that follow each other: a report of very many packages is never held whole.
 * Everything that came from the target is escaped for the format.
 */
export type RenderReport = (result: ScanResult, options: RenderOptions) => Generator<string> | readonly string[]

export interface RenderOptions {
  /** Columns of the terminal; 100 where there is none. */
  readonly width: number
  readonly color: boolean
  /** Show every location of every package. */
  readonly paths: boolean
  /** Show every finding, not only what to do. */
  readonly all: boolean
}
