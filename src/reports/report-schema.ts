/** The value of `schema` in every JSON report; another value is another format. */
export const reportSchemaId = 'sluice.report/v1'

/** Where the JSON Schema of the report is: a file beside this one, for whoever may read files. */
export const reportSchemaFile: URL = new URL('./report.schema.json', import.meta.url)
