import { describe, expect, it } from 'vitest'
import { commands } from '#cli/commands.ts'
import { parsePolicy } from '#policy/parse.ts'
import { brokenLinks, codeBlocks, documents, missingPaths } from './documents.ts'

const pages = documents()

describe('the documentation', () => {
  it('has links that lead somewhere', () => {
    const broken = pages.flatMap(page => brokenLinks(page).map(link => `${page.path}: ${link}`))

    expect(broken).toEqual([])
  })

  it('names paths that exist', () => {
    const named = pages.filter(({ path }) => path !== 'CHANGELOG.md')
    const missing = named.flatMap(page => missingPaths(page).map(path => `${page.path}: ${path}`))

    expect(missing).toEqual([])
  })

  it('has policies that are well formed', () => {
    const policies = pages.flatMap(page =>
      codeBlocks(page, 'yaml')
        .filter(text => text.includes('kind: Policy'))
        .map(text => [page.path, text] as const),
    )

    expect(policies.length).toBeGreaterThan(3)
    for (const [path, text] of policies) expect(() => parsePolicy(text, path)).not.toThrow()
  })

  it('uses commands and options that there are', () => {
    const lines = pages.flatMap(page =>
      ['sh', 'yaml', 'console']
        .flatMap(language => codeBlocks(page, language))
        .flatMap(code => code.replaceAll(/\\\n\s*/g, '').split('\n'))
        .map(line => [page.path, line] as const),
    )
    const wrong = lines.flatMap(([path, line]) => unknownWords(line).map(word => `${path}: ${word} in ${line.trim()}`))

    expect(lines.length).toBeGreaterThan(20)
    expect(wrong).toEqual([])
  })

  it('leads to every guide from README.md', () => {
    const readme = pages.find(({ path }) => path === 'README.md')!.text
    const guides = pages.filter(({ path }) => path.startsWith('docs/guides/'))

    expect(guides.length).toBeGreaterThanOrEqual(5)
    for (const { path } of guides) expect(readme).toContain(`](${path})`)
  })
})

/** Commands of Sluice in a line of shell that there are not, and options that they do not have. */
function unknownWords(line: string): readonly string[] {
  return [...line.replace(/#.*/, '').matchAll(/(?:^|[\s/"'`(])sluice ([a-z]+)([^|;&)]*)/g)].flatMap(
    ([, name, rest]) => {
      const command = commands.find(known => known.name === name)
      if (command === undefined) return name === 'help' ? [] : [name!]
      const known = ['--help', ...command.options.flatMap(({ name: long, short }) => [`--${long}`, `-${short ?? 'h'}`])]
      return [...rest!.matchAll(/(?:^|\s)(--?[a-z][a-z-]*)/g)]
        .map(match => match[1]!)
        .filter(word => !known.includes(word))
    },
  )
}
