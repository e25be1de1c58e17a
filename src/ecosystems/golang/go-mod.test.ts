import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseGoMod } from './go-mod.ts'

describe('ecosystems/golang/go-mod', () => {
  it('reads what is required, after replacements', () => {
    const text = [
      'module example.com/app // a comment',
      'go 1.22.0',
      'toolchain go1.22.3',
      'require example.com/one v1.0.0',
      'require (',
      '\texample.com/two/v2 v2.1.0+incompatible // indirect',
      '\t"example.com/quoted" v0.0.0-20191109021931-daa7c04131f5',
      '\texample.com/local v1.0.0',
      '\texample.com/forked v1.0.0',
      '\texample.com/other v1.5.0',
      ')',
      'replace (',
      '\texample.com/local => ../local',
      '\texample.com/forked v1.0.0 => example.com/fork v1.0.1',
      '\texample.com/forked => example.com/never v9.0.0',
      '\texample.com/other v1.4.0 => example.com/never v9.0.0',
      ')',
      'exclude example.com/one v0.9.0',
      'retract [v1.0.0, v1.2.0]',
      '',
    ].join('\r\n')

    const { modules, problems } = parseGoMod(text)

    expect(problems).toEqual([])
    expect(modules.map(({ path, version, line }) => [path, version, line])).toEqual([
      ['example.com/one', 'v1.0.0', 4],
      ['example.com/two/v2', 'v2.1.0+incompatible', 6],
      ['example.com/quoted', 'v0.0.0-20191109021931-daa7c04131f5', 7],
      ['example.com/fork', 'v1.0.1', 9],
      ['example.com/other', 'v1.5.0', 10],
    ])
  })

  it('tells of lines that it does not understand', () => {
    const { modules, problems } = parseGoMod('require example.com/a\nreplace a b\nrequire (\n\ta v1.0.0\n')

    expect(modules).toEqual([{ path: 'a', version: 'v1.0.0', line: 4 }])
    expect(problems.map(({ code, line }) => [code, line])).toEqual([
      ['unreadable', 1],
      ['unreadable', 2],
    ])
  })

  it('takes an empty text for no module', () => {
    const { modules, problems } = parseGoMod('require `` v1.0.0\nrequire a.b/c ""\nreplace a.b/c => ""\n')

    expect(modules).toEqual([])
    expect(problems.map(({ line }) => line)).toEqual([1, 2, 3])
  })

  it('never throws', () => {
    const words = fc.constantFrom('require', 'replace', '(', ')', '=>', '"', '`', '//', '\n', ' ', 'a.b/c', 'v1.0.0')
    const property = fc.property(
      fc.oneof(
        fc.string(),
        fc.array(words).map(parts => parts.join(' ')),
      ),
      text => {
        expect(parseGoMod(text).modules.every(({ line }) => line >= 1)).toBe(true)
      },
    )

    fc.assert(property, { numRuns: 1000 })
  })
})
