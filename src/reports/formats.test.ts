import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Ajv, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import Ajv04 from 'ajv-draft-04'
import addFormats from 'ajv-formats'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { displayWidth } from '#lib/terminal.ts'
import type { ScanResult } from '#model/report.ts'
import { describeWith } from '#test/support/skips.ts'
import { renderCyclonedx } from './cyclonedx.ts'
import { hostileName, sample, sampleInventory } from './fixtures/sample.ts'
import { reportFormats } from './index.ts'
import { renderJson } from './json.ts'
import { renderMarkdown } from './markdown.ts'
import { parseReport } from './parse-report.ts'
import { renderSarif } from './sarif.ts'
import { renderTable } from './table.ts'
import type { RenderOptions } from './types.ts'

const whole = (pieces: Iterable<string>) => [...pieces].join('')

const options: RenderOptions = { width: 100, color: false, paths: false, all: false }
const everything: RenderOptions = { width: 120, color: false, paths: true, all: true }

// The package has no types.
const addFormats2019 = createRequire(import.meta.url)('ajv-formats-draft2019') as (ajv: Ajv) => void

const schemas = new URL('../../../shared/schemas/', import.meta.url)
const hasSchemas = existsSync(schemas)

const load = (path: string) => JSON.parse(readFileSync(new URL(path, schemas), 'utf8'))

function cyclonedxSchema(): ValidateFunction {
  const ajv = new Ajv({ strict: false, allErrors: true })
  addFormats.default(ajv)
  addFormats2019(ajv)
  for (const name of ['spdx', 'jsf-0.82', 'cryptography-defs']) ajv.addSchema(load(`cyclonedx/${name}.schema.json`))
  return ajv.compile(load('cyclonedx/bom-1.6.schema.json'))
}

function sarifSchema(): ValidateFunction {
  const ajv = new Ajv04.default({ strict: false, allErrors: true })
  addFormats.default(ajv as never)
  return ajv.compile(load('sarif/sarif-schema-2.1.0.json'))
}

const reportAjv = new Ajv2020({ strict: true, allErrors: true })
const reportSchema = reportAjv.compile(
  JSON.parse(readFileSync(new URL('./report.schema.json', import.meta.url), 'utf8')),
)

const errors = (validate: ValidateFunction) => JSON.stringify(validate.errors?.slice(0, 5), undefined, 1)

/** The sample with one text in every place that a target or a feed can fill. */
function filledWith(text: string): ScanResult {
  const fill = (value: unknown, key = ''): unknown => {
    // What is ours is not the target's to fill.
    if (key === 'tool') return value
    if (typeof value === 'string') return free.has(key) ? text : value
    if (Array.isArray(value)) return value.map(item => fill(item, key))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fill(item, name)]))
  }
  return fill(sample) as ScanResult
}
const free = new Set([
  'name',
  'version',
  'path',
  'summary',
  'detail',
  'step',
  'tags',
  'licenses',
  'references',
  'cwes',
  'fixed',
  'to',
  'from',
  'reason',
  'notes',
  'title',
  'help',
  'aliases',
  'vector',
  'subject',
  'published',
])

const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(
    hostileName,
    '',
    ' ',
    '|',
    '`',
    '``',
    '::error::x',
    '\n::error::x',
    '../../etc/passwd',
    '//',
    '[a](b)',
    '<!--',
    '</details>',
    '@everyone',
    '\ud800',
    'x'.repeat(3000),
    'http://[',
    '日本語'.repeat(60),
  ),
)

describe('reports', () => {
  it.each([
    ['sample.json', () => whole(renderJson(sample))],
    ['sample.cdx.json', () => whole(renderCyclonedx(sample))],
    ['inventory.cdx.json', () => whole(renderCyclonedx(sampleInventory))],
    ['sample.sarif', () => whole(renderSarif(sample))],
    ['sample.md', () => renderMarkdown(sample)],
    ['inventory.md', () => renderMarkdown(sampleInventory)],
    ['sample.txt', () => renderTable(sample, options)],
    ['sample-narrow.txt', () => renderTable(sample, { ...options, width: 60 })],
    ['sample-color.txt', () => renderTable(sample, { ...options, color: true })],
    ['sample-all.txt', () => renderTable(sample, everything)],
    ['inventory.txt', () => renderTable(sampleInventory, options)],
  ])('write %s', async (file, render) => {
    await expect(render()).toMatchFileSnapshot(`./fixtures/${file}`)
  })

  it.each(reportFormats.map(format => [format.id, format]))(
    '%s is the same for the same result, and ends its last line',
    async (_id, format) => {
      const render = await format.load()

      const text = whole(render(sample, options))

      expect(whole(render(structuredClone(sample), options))).toBe(text)
      expect(text.endsWith('\n')).toBe(true)
      expect(text.includes('\r')).toBe(false)
    },
  )

  it('write JSON that its schema accepts and that reads back as it was', () => {
    for (const result of [sample, sampleInventory]) {
      const document = whole(renderJson(result))

      expect(reportSchema(JSON.parse(document)), errors(reportSchema)).toBe(true)
      expect(parseReport(document, 'r.json')).toEqual(result)
    }
  })

  it('let nothing from the target reach a terminal as more than text', () => {
    fc.assert(
      fc.property(nasty, fc.integer({ min: 60, max: 160 }), fc.boolean(), (text, width, all) => {
        const lines = renderTable(filledWith(text), { ...options, width, all, paths: all }).split('\n')

        for (const line of lines) {
          expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
          expect(line).not.toMatch(/^\s*::|##\[|##vso\[|##teamcity\[/i)
          expect(displayWidth(line)).toBeLessThanOrEqual(width + 1)
        }
      }),
      { numRuns: 150 },
    )
  })

  it('let nothing from the target become markup, a mention or a link in Markdown', () => {
    fc.assert(
      fc.property(nasty, text => {
        const markdown = renderMarkdown(filledWith(text))
        // What code spans hold is literal; what is left has to be ours or escaped.
        const prose = markdown.replace(/(`+)(?!`)[^\n]*?[^`\n]\1(?!`)/g, '')

        expect(markdown).not.toMatch(/(?![\n\u200b])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
        expect(prose).not.toMatch(/(?<!\\)<(?!!-- sluice -->|\/?details>|\/?summary>)/)
        expect(prose).not.toMatch(/@(?!\u200b)/)
        expect(prose).not.toMatch(/(?<!\]\()https?:\/\/|www\./i)
        expect(prose).not.toMatch(/(?<!\\)\[(?![A-Za-z0-9-]+\]\(https:\/\/osv\.dev\/vulnerability\/)/)
        expect(prose.match(/<details>/g)?.length).toBe(prose.match(/<\/details>/g)?.length)
      }),
      { numRuns: 100 },
    )
  })

  it('keep tables of Markdown whole, whatever is in their cells', () => {
    fc.assert(
      fc.property(nasty, text => {
        const rows = renderMarkdown(filledWith(text))
          .split('\n')
          .filter(line => line.startsWith('| '))

        for (const row of rows) expect([6, 7]).toContain(row.split('|').length - 1)
      }),
      { numRuns: 50 },
    )
  })
})

describeWith('../shared/schemas', hasSchemas)('reports held against the public schemas', () => {
  const cyclonedx = hasSchemas ? cyclonedxSchema() : (undefined as never)
  const sarif = hasSchemas ? sarifSchema() : (undefined as never)

  it('write CycloneDX 1.6', () => {
    for (const result of [sample, sampleInventory])
      expect(cyclonedx(JSON.parse(whole(renderCyclonedx(result)))), errors(cyclonedx)).toBe(true)
  })

  it('write SARIF 2.1.0', () => {
    expect(sarif(JSON.parse(whole(renderSarif(sample)))), errors(sarif)).toBe(true)
  })

  it('stay valid whatever the target is called', () => {
    fc.assert(
      fc.property(nasty, text => {
        const result = filledWith(text)

        expect(cyclonedx(JSON.parse(whole(renderCyclonedx(result)))), errors(cyclonedx)).toBe(true)
        expect(sarif(JSON.parse(whole(renderSarif(result)))), errors(sarif)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('refer to nothing that is not there, and name nothing twice', () => {
    const bom = JSON.parse(whole(renderCyclonedx(sample)))
    const parts = [bom.metadata.component, ...bom.components, ...bom.vulnerabilities]
    const refs = parts.map(part => part['bom-ref'])
    const uses = [
      ...bom.dependencies.flatMap((item: { dependsOn: string[] }) => item.dependsOn),
      ...bom.vulnerabilities.flatMap((item: { affects: { ref: string }[] }) => item.affects.map(({ ref }) => ref)),
    ]

    expect(new Set(refs).size).toBe(refs.length)
    for (const use of uses) expect(refs).toContain(use)
  })

  it('know exactly the license ids that CycloneDX 1.6 knows', async () => {
    const { spdxIds } = await import('./spdx-ids.ts')

    expect([...spdxIds].sort()).toEqual([...load('cyclonedx/spdx.schema.json').enum].sort())
  })
})
