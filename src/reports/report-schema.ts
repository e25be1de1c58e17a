/** The value of `schema` in every JSON report, which `report.schema.json` describes; another value is another format. */
export const reportSchemaId = 'sluice.report/v1'
