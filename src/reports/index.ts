import type { ReportFormat } from './types.ts'

/** Every report format, alphabetical: one line each. */
export const reportFormats: readonly ReportFormat[] = []
