import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ecosystems } from '#ecosystems/index.ts'
import type { Ecosystem, TreeMode } from '#ecosystems/types.ts'
import { parseJson } from '#lib/json.ts'
import { parseJsonc } from '#lib/jsonc.ts'
import { parseToml } from '#lib/toml.ts'
import { parseXml } from '#lib/xml.ts'
import { parseYaml } from '#lib/yaml.ts'
import { root } from '#test/architecture/sources.ts'
import { catalogFiles } from '#test/ecosystems/catalog-files.ts'
import { writeZip } from '#test/ecosystems/zip-writer.ts'

/** Names that every object answers to without having been given them, or that lead to what all objects share. */
const evil = ['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__']

const shared = [Object, Array, String, Number, Boolean, Function, Map, Set, RegExp, Date, Promise, Error]

/** What all objects share, in one text that any change changes. */
function sharedState(): string {
  return shared
    .flatMap(({ name, prototype }) => [
      name,
      Object.getPrototypeOf(prototype) === Object.prototype,
      ...Reflect.ownKeys(prototype),
    ])
    .map(String)
    .join(' ')
}

/** Expects plain data: no object whose prototype a document chose. */
function expectPlain(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  expect([Object.prototype, Array.prototype, Map.prototype, Set.prototype, null]).toContain(
    Object.getPrototypeOf(value),
  )
  for (const key of Reflect.ownKeys(value)) expectPlain(Object.getOwnPropertyDescriptor(value, key)?.value)
}

/** Ecosystems without a file of words, with the reason. */
const nameless: ReadonlyMap<string, string> = new Map([
  ['rpm', 'its databases hold headers, in which numbers name values'],
])

interface Sample {
  /** Under which the ecosystem wants it. */
  readonly path: string
  readonly mode: TreeMode
  readonly text: string
  /** What the text is packed in. */
  readonly pack?: (text: string) => Uint8Array
}

const jarOf = (name: string) => (text: string) => writeZip([{ name, content: text }])

/** For ecosystems that have no fixtures in the places where their files lie. */
const written: Readonly<Record<string, readonly Sample[]>> = {
  golang: [
    {
      path: 'go.mod',
      mode: 'directory',
      text: 'module example.com/shop\n\ngo 1.22\n\nrequire (\n\tgithub.com/a/b v1.2.3\n\tc.org/d v0.1.0 // indirect\n)\nreplace c.org/d => c.org/e v0.2.0\nexclude f.org/g v1.0.0\n',
    },
  ],
  maven: [
    {
      path: 'pom.xml',
      mode: 'directory',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Maven's own
      text: '<project><groupId>org.a</groupId><artifactId>b</artifactId><version>${rev}</version><properties><rev>1.0</rev><other.version>2.0</other.version></properties><dependencyManagement><dependencies><dependency><groupId>org.c</groupId><artifactId>d</artifactId><version>${other.version}</version></dependency></dependencies></dependencyManagement><dependencies><dependency><groupId>org.c</groupId><artifactId>d</artifactId></dependency></dependencies></project>',
    },
    { path: 'gradle.lockfile', mode: 'directory', text: '# comment\norg.a:b:1.0=runtimeClasspath,test\nempty=other\n' },
    {
      path: 'srv/a-1.0.jar',
      mode: 'installed',
      text: 'groupId=org.a\nartifactId=a\nversion=1.0\n',
      pack: jarOf('META-INF/maven/org.a/a/pom.properties'),
    },
    {
      path: 'srv/a-1.0.jar',
      mode: 'installed',
      text: 'Manifest-Version: 1.0\r\nImplementation-Title: a\r\nImplementation-Version: 1.0\r\nBundle-SymbolicName: org.a\r\n\r\n',
      pack: jarOf('META-INF/MANIFEST.MF'),
    },
  ],
}

/** The ecosystem's fixtures that are text, each under the end of its path that is wanted. */
function samplesOf(ecosystem: Ecosystem): readonly Sample[] {
  const folder = join(root, 'src/ecosystems', ecosystem.id)
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap(entry => {
    if (!entry.isFile() || !entry.parentPath.includes('fixtures')) return []
    const bytes = readFileSync(join(entry.parentPath, entry.name))
    if (bytes.length > 200_000 || bytes.includes(0)) return []
    const parts = join(entry.parentPath, entry.name)
      .slice(folder.length + 1)
      .split('/')
    const ends = parts.map((_, index) => parts.slice(index).join('/'))
    for (const mode of ['installed', 'directory'] as const) {
      const path = ends.find(end => ecosystem.wants({ path: end, size: bytes.length, mode: 0o644 }, mode))
      if (path !== undefined) return [{ path, mode, text: bytes.toString('utf8') }]
    }
    return []
  })
}

async function catalog(ecosystem: Ecosystem, { path, mode, text, pack }: Sample) {
  try {
    return await catalogFiles(ecosystem, { [path]: pack?.(text) ?? text }, mode)
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
    expect(error, String(error)).not.toBeInstanceOf(TypeError)
    return undefined
  }
}

const words = /[A-Za-z_][\w-]*/g

describe('no document changes what all objects share', () => {
  it.each<readonly [string, (text: string) => unknown, (name: string) => string]>([
    ['JSON', parseJson, name => `{"${name}":{"polluted":1,"${name}":{"polluted":1}},"a":[{"${name}":null}]}`],
    ['JSON with comments', parseJsonc, name => `{/**/"${name}":{"polluted":1,},"a":[{"${name}":null}]}`],
    [
      'YAML',
      parseYaml,
      name =>
        `${name}: {polluted: 1}\nb: &b {"${name}": {polluted: 1}}\na: {<<: *b}\n"constructor": {prototype: {polluted: 1}}\n`,
    ],
    ['YAML, merged', parseYaml, name => `a: &a\n  ${name}:\n    polluted: 1\nb:\n  <<: *a\n  c: 1\n`],
    ['TOML', parseToml, name => `${name}.polluted = 1\n[a.${name}]\npolluted = 1\n[[b.${name}]]\npolluted = 1\n`],
    ['TOML, inline', parseToml, name => `a = { ${name} = { polluted = 1 }, "${name}x" = 1 }\n`],
    ['XML', parseXml, name => `<${name} polluted="1"><${name}><polluted>1</polluted></${name}></${name}>`],
    ['XML, inside', parseXml, name => `<a><${name} polluted="1"/><${name}>x</${name}><b>1</b></a>`],
  ])('%s', (_title, parse, write) => {
    const before = sharedState()

    for (const name of evil) {
      try {
        const value = parse(write(name))
        expectPlain(value)
        expect((value as { readonly polluted?: unknown }).polluted).toBeUndefined()
      } catch (error) {
        expect(error).toBeInstanceOf(Error)
        expect(error).not.toBeInstanceOf(TypeError)
      }
      expect(sharedState()).toBe(before)
      expect(({} as { readonly polluted?: unknown }).polluted).toBeUndefined()
    }
  })

  const readers = ecosystems.filter(({ id }) => !nameless.has(id)).map(ecosystem => [ecosystem.id, ecosystem] as const)

  it.each(readers)('real files of %s with such names in place of any word', async (id, ecosystem) => {
    const samples = [...samplesOf(ecosystem), ...(written[id] ?? [])]
    const before = sharedState()

    expect(samples).not.toEqual([])
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...samples),
        fc.constantFrom(...evil),
        fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (sample, name, picks, everywhere) => {
          const found = [...sample.text.matchAll(words)].map(([word]) => word)
          const places = new Set(picks.map(pick => pick % found.length))
          const chosen = new Set([...places].map(place => found[place]))
          let at = 0
          const text = sample.text.replace(words, word => {
            const isMeant = places.has(at++) || (everywhere && chosen.has(word))
            return isMeant ? name : word
          })

          const cataloged = await catalog(ecosystem, { ...sample, text })

          expect(sharedState()).toBe(before)
          if (cataloged !== undefined) expectPlain([cataloged.packages, cataloged.problems])
        },
      ),
      { numRuns: 400 },
    )
  })
})
