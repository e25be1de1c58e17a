import { printableJsonPieces } from '#lib/json.ts'
import type { ScanResult } from '#model/report.ts'
import { reportSchemaId } from './report-schema.ts'

/** The whole result as JSON, as `report.schema.json` describes it: what policy tests and `diff` read back. */
export function renderJson(result: ScanResult): Generator<string> {
  return printableJsonPieces({ schema: reportSchemaId, ...result })
}
