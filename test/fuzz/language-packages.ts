import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readBuildInfo } from '#ecosystems/golang/build-info.ts'
import { parseManifest } from '#ecosystems/maven/manifest.ts'
import { parseProperties } from '#ecosystems/maven/properties.ts'
import { root } from '#test/architecture/sources.ts'
import { writeZip } from '#test/ecosystems/zip-writer.ts'
import type { FuzzTarget } from '#tools/fuzz/target.ts'
import { readerTarget } from './reader-target.ts'
import { fixture, textOf } from './seeds.ts'

const npm = 'ecosystems/npm/fixtures'
const json = ['{', '}', '[', ']', ':', ',', '"', '"__proto__":', '"constructor":', 'null', '1e999', '"dependencies":{']
const yaml = ['\n  ', ': ', '- ', '&a ', '*a', '<<: *a', '? ', '|\n', '"', '!!str ', '{', '[', '---\n', '__proto__: ']
const toml = [
  '\n[[package]]\n',
  'name = "a"\n',
  'version = "1"\n',
  '[a.b]\n',
  '"""',
  "'''",
  '{',
  '= 1e9\n',
  '__proto__',
]

const declared = (
  name: string,
  ecosystem: string,
  path: string,
  seeds: FuzzTarget['seeds'],
  words: readonly string[],
) => readerTarget({ name, ecosystem, path, mode: 'directory', covers: [`ecosystems/${ecosystem}/`], seeds, words })

const metadata =
  'Metadata-Version: 2.1\nName: Flask\nVersion: 3.0.0\nLicense: BSD\nClassifier: License :: OSI\n\nText\n'
const requirements =
  'flask==3.0.0 ; python_version < "3"\n-r other.txt\n# no\nurllib3 == 2.0 \\\n  --hash=sha256:00\npkg @ https://h/p-1.0-py3-none-any.whl\n'
const poetry =
  '[[package]]\nname = "a"\nversion = "1.0"\ncategory = "dev"\n\n[package.dependencies]\nb = "*"\n\n[metadata]\nlock-version = "2.0"\n'
const pdm = '[metadata]\nlock_version = "4.4"\n\n[[package]]\nname = "a"\nversion = "1"\ngroups = ["dev"]\n'
const gradle =
  '# This is a Gradle generated file.\ncom.google.guava:guava:32.0.0-jre=compileClasspath,runtime\nempty=x\n'
const pom = `<?xml version="1.0"?><project><parent><groupId>g</groupId><artifactId>p</artifactId><version>1</version></parent>
<artifactId>a</artifactId><properties><v>\${project.version}</v></properties><dependencyManagement><dependencies><dependency>
<groupId>g</groupId><artifactId>b</artifactId><version>\${v}</version></dependency></dependencies></dependencyManagement>
<dependencies><dependency><groupId>g</groupId><artifactId>b</artifactId><scope>test</scope></dependency></dependencies></project>`
const goMod =
  'module example.com/a\n\ngo 1.22\n\nrequire (\n\tgolang.org/x/text v0.3.0 // indirect\n)\nreplace a.b/c => ../d\nexclude a.b/c v1.0.0\n'

/** Installed packages and lock files of languages. */
export const languagePackageTargets: readonly FuzzTarget[] = [
  readerTarget({
    name: 'npm-package-json',
    ecosystem: 'npm',
    path: 'srv/node_modules/x/package.json',
    covers: ['ecosystems/npm/package-json', 'ecosystems/npm/catalog'],
    seeds: () => ['{"name":"x","version":"1.0.0","license":"MIT","licenses":[{"type":"BSD"}],"private":true}'],
    words: json,
  }),
  declared(
    'npm-package-lock',
    'npm',
    'package-lock.json',
    () => ['npm-v1', 'npm-v2', 'npm-v3'].map(name => fixture(`${npm}/${name}/package-lock.json`)),
    [...json, '"packages":{', '"node_modules/a":{', '"version":"1"', '"link":true', '"resolved":"'],
  ),
  declared(
    'npm-yarn-lock',
    'npm',
    'yarn.lock',
    () => ['yarn-v1', 'yarn-v4'].map(name => fixture(`${npm}/${name}/yarn.lock`)),
    [...yaml, '"a@npm:^1":\n', '  version "1"\n', '  resolved "', '__metadata:\n'],
  ),
  declared(
    'npm-pnpm-lock',
    'npm',
    'pnpm-lock.yaml',
    () => ['pnpm-v5.4', 'pnpm-v6', 'pnpm-v9'].map(name => fixture(`${npm}/${name}/pnpm-lock.yaml`)),
    yaml,
  ),
  declared('npm-bun-lock', 'npm', 'bun.lock', () => [fixture(`${npm}/bun-v2/bun.lock`)], [...json, '//', '/*', ',]']),
  declared('npm-plug-and-play', 'npm', '.pnp.cjs', () => [fixture(`${npm}/yarn-v4-pnp/.pnp.cjs`)], json),
  readerTarget({
    name: 'pypi-metadata',
    ecosystem: 'pypi',
    path: 'usr/lib/python3/site-packages/Flask-3.0.0.dist-info/METADATA',
    covers: ['ecosystems/pypi/metadata', 'ecosystems/pypi/catalog'],
    seeds: () => [metadata],
    words: ['\nName: ', '\nVersion: ', '\nLicense-Expression: ', '\n ', '\n\n', '\r\n'],
  }),
  readerTarget({
    name: 'pypi-egg',
    ecosystem: 'pypi',
    path: 'usr/lib/python3/site-packages/Flask-3.0.0-py3.egg',
    covers: ['lib/zip', 'ecosystems/pypi/catalog'],
    seeds: () => [writeZip([{ name: 'EGG-INFO/PKG-INFO', content: metadata, deflate: true }])],
    words: ['PK\x01\x02', 'PK\x03\x04', 'PK\x05\x06', 'PK\x06\x06', 'PK\x06\x07'],
  }),
  declared('pypi-requirements', 'pypi', 'requirements.txt', () => [requirements], [
    '==',
    ' @ ',
    ';',
    '\\\n',
    '-r ',
    '[x]',
  ]),
  declared('pypi-pipfile', 'pypi', 'Pipfile.lock', () => [fixture('ecosystems/pypi/fixtures/Pipfile.lock')], json),
  declared('pypi-poetry', 'pypi', 'poetry.lock', () => [poetry], toml),
  declared('pypi-uv', 'pypi', 'uv.lock', () => [fixture('ecosystems/pypi/fixtures/uv.lock')], toml),
  declared('pypi-pdm', 'pypi', 'pdm.lock', () => [pdm], toml),
  declared('pypi-pylock', 'pypi', 'pylock.toml', () => [fixture('ecosystems/pypi/fixtures/pylock.toml')], toml),
  declared('maven-pom', 'maven', 'pom.xml', () => [pom], [
    '<a>',
    '</a>',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    `\${v}`,
    '&lt;',
  ]),
  declared('maven-gradle-lock', 'maven', 'gradle.lockfile', () => [gradle], [':', '=', ',', '\n#']),
  readerTarget({
    name: 'maven-jar',
    ecosystem: 'maven',
    path: 'srv/app-1.0.jar',
    covers: ['lib/zip', 'ecosystems/maven/archive', 'ecosystems/maven/identify'],
    seeds: jars,
    words: ['PK\x01\x02', 'PK\x03\x04', 'PK\x05\x06', 'PK\x06\x06', 'PK\x06\x07', 'META-INF/MANIFEST.MF', '.jar'],
  }),
  {
    name: 'maven-texts',
    covers: ['ecosystems/maven/manifest', 'ecosystems/maven/properties'],
    seeds: () => [
      'Manifest-Version: 1.0\r\nImplementation-Title: a\r\n b\r\n\r\nName: x\r\n',
      'a=b\n c : d\\\n  e\n!x\n\\u0041=\\u00e9\n',
    ],
    throws: 'never',
    run: bytes => {
      parseManifest(textOf(bytes))
      parseProperties(textOf(bytes))
    },
  },
  declared('golang-mod', 'golang', 'go.mod', () => [goMod], [
    'require ',
    'replace ',
    '=>',
    '(\n',
    ')\n',
    '//',
    '`',
    '"',
  ]),
  goPrograms(),
]

function jars(): readonly Uint8Array[] {
  const properties = 'version=1\ngroupId=g\nartifactId=a\n'
  const inner = writeZip([
    { name: 'META-INF/maven/g/a/pom.properties', content: properties, deflate: true },
    { name: 'META-INF/maven/g/a/pom.xml', content: pom, deflate: true },
    { name: 'META-INF/MANIFEST.MF', content: 'Implementation-Title: a\r\nImplementation-Version: 1\r\n' },
  ])
  return [
    inner,
    writeZip([{ name: 'BOOT-INF/lib/a-1.jar', content: inner }]),
    writeZip([{ name: 'WEB-INF/lib/a-1.jar', content: inner, deflate: true }]),
  ]
}

/** Programs are large and mostly irrelevant: only the parts that are read are kept and changed. */
function goPrograms(): FuzzTarget {
  const folder = join(root, 'src/ecosystems/golang/fixtures')
  const programs = readdirSync(folder)
    .filter(name => name.endsWith('.json'))
    .map(name => JSON.parse(readFileSync(join(folder, name), 'utf8')) as GoProgram)
  const seeds = () =>
    programs.map(({ parts }, index) => {
      return new Uint8Array(Buffer.concat([Buffer.of(index), ...parts.map(([, text]) => Buffer.from(text, 'base64'))]))
    })
  const run = (bytes: Uint8Array) => {
    const program = programs[(bytes[0] ?? 0) % programs.length]!
    const memory = new Map<number, Uint8Array>()
    let at = 1
    for (const [offset, text] of program.parts) {
      const length = Buffer.from(text, 'base64').length
      memory.set(offset, bytes.subarray(at, at + length))
      at += length
    }
    readBuildInfo((offset, length) => readSparse(memory, offset, Math.min(length, Math.max(0, program.size - offset))))
  }
  return { name: 'golang-program', covers: ['ecosystems/golang/'], seeds, throws: 'errors', run }
}

interface GoProgram {
  readonly size: number
  readonly parts: readonly (readonly [offset: number, base64: string])[]
}

function readSparse(memory: ReadonlyMap<number, Uint8Array>, offset: number, length: number): Uint8Array {
  const result = new Uint8Array(Math.min(Math.max(0, length), 64 * 2 ** 20))
  for (const [start, part] of memory) {
    const from = Math.max(offset, start)
    const to = Math.min(offset + result.length, start + part.length)
    if (from < to) result.set(part.subarray(from - start, to - start), from - offset)
  }
  return result
}
