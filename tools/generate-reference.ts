/** Writes the generated pages of `docs/reference` and the generated tables of README.md: `node tools/generate-reference.ts`. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { referencePages, withGeneratedTables } from './reference-pages.ts'

const root = join(import.meta.dirname, '..')
const folder = join(root, 'docs', 'reference')
mkdirSync(folder, { recursive: true })
for (const [name, text] of referencePages()) writeFileSync(join(folder, name), text)
const readme = join(root, 'README.md')
writeFileSync(readme, withGeneratedTables(readFileSync(readme, 'utf8')))
