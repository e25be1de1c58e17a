import type { RenderReport, ReportFormat } from './types.ts'

/** Every report format, alphabetical: one entry each. */
export const reportFormats: readonly ReportFormat[] = [
  {
    id: 'cyclonedx',
    title: 'CycloneDX 1.6 JSON, with vulnerabilities where there is a verdict',
    spec: 'https://cyclonedx.org/docs/1.6/json/',
    mediaType: 'application/vnd.cyclonedx+json; version=1.6',
    extension: 'cdx.json',
    load: async () => (await import('./cyclonedx.ts')).renderCyclonedx,
  },
  {
    id: 'json',
    title: 'Everything, as sluice.report/v1',
    spec: 'report.schema.json',
    mediaType: 'application/json',
    extension: 'json',
    load: async () => (await import('./json.ts')).renderJson,
  },
  {
    id: 'markdown',
    title: 'Markdown for comments on pull requests and job summaries',
    spec: 'https://github.github.com/gfm/',
    mediaType: 'text/markdown; charset=utf-8',
    extension: 'md',
    load: async () => inOnePiece((await import('./markdown.ts')).renderMarkdown),
  },
  {
    id: 'sarif',
    title: 'SARIF 2.1.0 for code scanning',
    spec: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html',
    mediaType: 'application/sarif+json',
    extension: 'sarif',
    load: async () => (await import('./sarif.ts')).renderSarif,
  },
  {
    id: 'table',
    title: 'For people at a terminal',
    spec: 'https://ecma-international.org/publications-and-standards/standards/ecma-48/',
    mediaType: 'text/plain; charset=utf-8',
    extension: 'txt',
    load: async () => inOnePiece((await import('./table.ts')).renderTable),
  },
]

function inOnePiece(render: (...given: Parameters<RenderReport>) => string): RenderReport {
  return (result, options) => [render(result, options)]
}
