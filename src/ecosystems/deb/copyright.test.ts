import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCopyright } from './copyright.ts'

function fixture(name: string): string {
  return readFileSync(new URL(`./fixtures/debian-12/usr/share/doc/${name}/copyright`, import.meta.url), 'utf8')
}

describe('ecosystems/deb/copyright', () => {
  it.each([
    ['adduser', ['GPL-2+']],
    ['base-files', ['GPL']],
    ['tzdata', ['public-domain']],
  ])('reads the file of %s', (name, licenses) => {
    expect(parseCopyright(fixture(name))).toEqual(licenses)
  })

  it('keeps expressions as written, once each', () => {
    const text = `# comment first
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
License: GPL-2+ or  Artistic-2.0

Files: a
License: Expat

Files: b
License: Expat

License: Expat
 The text. License: not this one
`

    expect(parseCopyright(text)).toEqual(['GPL-2+ or Artistic-2.0', 'Expat'])
  })

  it('reads references of files in free text', () => {
    const text =
      'found in /usr/share/common-licenses/LGPL-2.1.\nAlso `/usr/share/common-licenses/Apache-2.0`, and /usr/share/common-licenses/'

    expect(parseCopyright(text)).toEqual(['LGPL-2.1', 'Apache-2.0'])
  })

  it('bounds what it keeps and never throws', () => {
    const many = Array.from({ length: 5000 }, (_, index) => `License: L${index}`).join('\n')

    expect(parseCopyright('')).toEqual([])
    expect(parseCopyright(`Format: copyright-format\n${many}`)).toHaveLength(100)
    expect(parseCopyright(`Format: copyright-format\nLicense: ${'x'.repeat(100_000)}`)).toEqual([])
    fc.assert(fc.property(fc.string({ unit: 'binary' }), text => void parseCopyright(text)))
  })
})
