import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { check, type Parameters } from 'recheck'
import { beforeAll, describe, expect, it } from 'vitest'
import { expressionsOf } from './expressions.ts'
import { root, sourceFiles } from './sources.ts'

/** Places by expression: `file:line`. */
type Places = Map<string, string[]>

/**
 * Files of packages whose expressions no text of a target reaches, with the reason. Whatever else a package that users
 * install is written with is held to the same promise as our own code.
 */
const unreached: ReadonlyMap<string, string> = new Map([
  ['@marcbachmann/cel-js/lib/functions.js', 'reads durations and times that the policy writes, in 4,000 characters'],
  ['fast-xml-builder/', 'writes XML; only the parser is imported'],
  ['fast-xml-parser/lib/', 'built for browsers; the sources beside it are what is imported'],
  ['fast-xml-parser/src/cli/', 'a command line'],
  ['fast-xml-parser/src/v6/', 'a draft that nothing imports'],
  ['is-unsafe/', 'judges entities, which src/lib/xml.ts switches off'],
  ['js-yaml/bin/', 'a command line'],
  ['js-yaml/dist/browser/', 'built for browsers'],
  ['argparse/', "js-yaml's command line"],
  ['strnum/', 'reads numbers, which src/lib/xml.ts leaves as text'],
])

function collect(places: Places, file: string, text: string): void {
  for (const { pattern, flags, line } of expressionsOf(text)) {
    const known = places.get(`/${pattern}/${flags}`)
    if (known === undefined) places.set(`/${pattern}/${flags}`, [`${file}:${line}`])
    else known.push(`${file}:${line}`)
  }
}

/** Where an expression is beyond automata, attacks are searched for: the same ones in every run, ended by no clock. */
const repeatable: Parameters = {
  randomSeed: 1,
  timeout: null,
  attackTimeout: null,
  incubationTimeout: null,
  recallTimeout: null,
  seedingTimeout: null,
}

/** Expressions that take more than linear time on some text, with a text that shows it, and those nobody could judge. */
async function slow(places: Places): Promise<readonly string[]> {
  const found: string[] = []
  for (const [text, where] of places) {
    const end = text.lastIndexOf('/')
    const judged = await check(text.slice(1, end), text.slice(end + 1), repeatable)
    if (judged.status === 'safe') continue
    const why = judged.status === 'vulnerable' ? judged.attack.pattern.slice(0, 200) : judged.error.kind
    found.push(`${where.join(', ')}: ${text}: ${judged.status}: ${why}`)
  }
  return found
}

describe('regular expressions', () => {
  // Judged by automata (https://makenowjust-labs.github.io/recheck/), unanchored search from every position included.
  beforeAll(() => {
    process.env.RECHECK_BACKEND = 'pure'
  })

  it('are found where they stand, and divisions are none', () => {
    const text = [
      "const a = /[/]\\/'/g.test(`~{b / 2}/no/~{{ c: '}' }.c.replace(/x`/u, '')}`) // /no/",
      "const d = e! / f / g, h = !/i/.test('/no/'), j = [1] / 2 / (3) / 4",
    ].join('\n')

    expect(expressionsOf(text.replaceAll('~', '$'))).toEqual([
      { pattern: "[/]\\/'", flags: 'g', line: 1 },
      { pattern: 'x`', flags: 'u', line: 1 },
      { pattern: 'i', flags: '', line: 2 },
    ])
  })

  it('are known to be slow where they are', async () => {
    const places: Places = new Map()

    collect(places, 'a.ts', String.raw`const found = [/^(a+)+$/, /\s+$/, /a*b/, /^a*b/, /(?<=x+)y/, /^(a|ab)*$/]`)

    expect((await slow(places)).map(line => line.split(': ')[1])).toEqual([
      '/^(a+)+$/',
      String.raw`/\s+$/`,
      '/a*b/',
      '/(?<=x+)y/',
    ])
  })

  it('of Sluice take linear time on any text', { timeout: 600_000 }, async () => {
    const places: Places = new Map()

    for (const { path, text } of sourceFiles()) collect(places, path, text)

    expect(places.size).toBeGreaterThan(100)
    expect(await slow(places)).toEqual([])
  })

  it('are written out, not put together from data', () => {
    const made = sourceFiles().filter(({ text }) => /\bRegExp\(/.test(text))

    expect(made.map(({ path }) => path)).toEqual([])
  })

  it('of the packages that users install take linear time on any text', { timeout: 600_000 }, async () => {
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
    const installed = Object.entries<{ dev?: boolean; optional?: boolean }>(lock.packages)
      .filter(([path, { dev, optional }]) => path !== '' && dev !== true && optional !== true)
      .map(([path]) => path.slice('node_modules/'.length))
    const places: Places = new Map()

    for (const name of installed) {
      const files = readdirSync(join(root, 'node_modules', name), { recursive: true, encoding: 'utf8' })
      for (const file of files.map(path => `${name}/${path}`)) {
        if (!/\.m?js$/.test(file) || /\.(?:min|umd)\./.test(file)) continue
        if ([...unreached.keys()].some(start => file.startsWith(start))) continue
        collect(places, file, readFileSync(join(root, 'node_modules', file), 'utf8'))
      }
    }

    expect(await slow(places)).toEqual([])
  })
})
