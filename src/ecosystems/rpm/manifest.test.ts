import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseManifest } from './manifest.ts'

const line = 'a\t1.0-2.cm2\t1\t2\tMicrosoft Corporation\t(none)\t3\tx86_64\t0\ta-1.0-2.cm2.src.rpm'

describe('ecosystems/rpm/manifest.ts', () => {
  it('reads lines with either ending', () => {
    const { rows, problems } = parseManifest(`${line}\r\n\n${line.replace('(none)', '4').replace('\t0\t', '\t4\t')}\n`)

    const row = { name: 'a', version: '1.0', release: '2.cm2', arch: 'x86_64', sourceRpm: 'a-1.0-2.cm2.src.rpm' }
    expect(rows).toEqual([row, { ...row, epoch: 4 }])
    expect(problems).toEqual([])
  })

  it('leaves out what is (none)', () => {
    const { rows } = parseManifest(line.replace('x86_64', '(none)').replace('a-1.0-2.cm2.src.rpm', '(none)'))

    expect(rows).toEqual([{ name: 'a', version: '1.0', release: '2.cm2' }])
  })

  it('reports lines that do not fit, with their number', () => {
    const { rows, problems } = parseManifest(`${line}\na\t1.0\n${line.replace('1.0-2.cm2', 'none')}\n${line.slice(1)}`)

    expect(rows).toHaveLength(1)
    expect(problems.map(problem => problem.line)).toEqual([2, 3, 4])
  })

  it('takes any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'a-1\t\n\r0('), maxLength: 200 }), text => {
        expect(parseManifest(text).problems.length).toBeLessThanOrEqual(20)
      }),
    )
  })
})
