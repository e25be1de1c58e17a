import { inflateRawSync } from 'node:zlib'
import type { ByteSource } from '#lib/byte-source.ts'
import { parseJson } from '#lib/json.ts'
import { parseJsonc } from '#lib/jsonc.ts'
import { LimitError } from '#lib/limit-error.ts'
import { TarParser } from '#lib/tar.ts'
import type { TarMember } from '#lib/tar-member.ts'
import { readPaxHeader } from '#lib/tar-pax.ts'
import { printable } from '#lib/terminal.ts'
import { parseToml } from '#lib/toml.ts'
import { parseXml } from '#lib/xml.ts'
import { parseYaml } from '#lib/yaml.ts'
import { readZipDirectory, readZipMember } from '#lib/zip.ts'
import { ZstdFrameScanner } from '#lib/zstd-frames.ts'
import { writeZip } from '#test/ecosystems/zip-writer.ts'
import { paxItem, tarBytes } from '#test/images/tar-writer.ts'
import { type FuzzTarget, promise } from '#tools/fuzz/target.ts'
import { nestedJson, repairTar, textOf } from './seeds.ts'

const json = ['{', '}', '[', ']', ':', ',', '"', '\\u', '"__proto__":', 'null', '1e999', '//', '/*', '*/']
const yaml = [
  '\n  ',
  ': ',
  '- ',
  '&a ',
  '*a',
  '<<: *a',
  '? ',
  '|\n',
  '>-\n',
  '"',
  '!!set ',
  '!<x>',
  '{',
  '[',
  '---\n',
  '%YAML 1.2\n',
]
const toml = [
  '\n[[a]]\n',
  '[a.b]\n',
  '"""',
  "'''",
  '{',
  '}',
  ' = ',
  '1979-05-27T07:32:00Z',
  'inf',
  '0x',
  '\\u',
  '__proto__',
]
const xml = [
  '<a>',
  '</a>',
  '<a/>',
  '<!--',
  '-->',
  '<![CDATA[',
  ']]>',
  '&lt;',
  '<?x ',
  '?>',
  '<!DOCTYPE',
  ' b="c"',
  '<__proto__>',
]

/** Archives, documents and texts, whatever is in them. */
export const documentTargets: readonly FuzzTarget[] = [
  {
    name: 'tar',
    covers: ['lib/tar'],
    seeds: tars,
    words: ['ustar\x0000', 'ustar  \0', 'GNU.sparse.major=1\n', '\0'.repeat(512)],
    repair: repairTar,
    throws: 'never',
    run: readTar,
  },
  {
    name: 'tar-pax',
    covers: ['lib/tar-pax'],
    seeds: () => ['17 path=some/name\n30 mtime=1700000000.123456789\n12 size=42\n', '25 GNU.sparse.offset=100\n'],
    words: ['path=', 'size=', 'GNU.sparse.map=0,1,2,3', 'linkpath=', '\n', ' '],
    throws: 'never',
    run: bytes => void readPaxHeader(bytes),
  },
  {
    name: 'zip',
    covers: ['lib/zip'],
    seeds: () => [
      writeZip([
        { name: 'a/b.txt', content: 'text '.repeat(20), deflate: true },
        { name: 'stored', content: 'x' },
      ]),
    ],
    words: ['PK\x01\x02', 'PK\x03\x04', 'PK\x05\x06', 'PK\x06\x06', 'PK\x06\x07', 'PK\x07\x08'],
    throws: 'errors',
    run: readZip,
  },
  {
    name: 'zstd-frames',
    covers: ['lib/zstd-frames'],
    seeds: () => [
      Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 3, 0x19, 0, 0, 1, 2, 3),
      Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2),
    ],
    words: [Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd), Uint8Array.of(0x50, 0x2a, 0x4d, 0x18)],
    throws: 'never',
    run: bytes => void new ZstdFrameScanner().push(bytes),
  },
  parser('json', parseJson, [nestedJson], json),
  parser('jsonc', parseJsonc, [`// c\n${nestedJson.replace('}]', '},]')}/* d */`], json),
  parser(
    'yaml',
    parseYaml,
    ['a: &x {b: [1, 2]}\nc: *x\nd: |\n  text\ne: "q\\n"\n? f\n: g\n- h\n', '- a\n- b: c\n  d: e\n'],
    yaml,
  ),
  parser('toml', parseToml, ['a = 1\n[b.c]\nd = "e"\nf = [1, { g = true }]\n[[h]]\ni = 1979-05-27T07:32:00Z\n'], toml),
  parser('xml', parseXml, ['<?xml version="1.0"?><a><b c="d">e</b><!-- f --><g/><![CDATA[h]]></a>'], xml),
  {
    name: 'terminal',
    covers: ['lib/terminal'],
    seeds: () => ['plain', '\x1b[31mred\x1b[0m \u202e\u0007 \u{1f468}\u200d\u{1f469} e\u0301 \u4e2d'],
    words: ['\x1b[', '\x9b', '\u202e', '\u2066', '\r', '\n', '\u{e0001}'],
    throws: 'never',
    run: bytes => {
      const shown = printable(textOf(bytes))
      promise(!/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]/.test(shown), 'a control character is shown')
    },
  },
]

function parser(
  name: string,
  parse: (text: string) => unknown,
  seeds: readonly string[],
  words: readonly string[],
): FuzzTarget {
  const covers = [`lib/${name}`]
  return { name, covers, seeds: () => seeds, words, throws: 'errors', run: bytes => holdPlain(parse(textOf(bytes))) }
}

/** Nothing that a parser made carries members that nobody wrote: each object has a plain prototype or none. */
function holdPlain(value: unknown): void {
  const seen = new Set<object>()
  const rest = [value]
  while (rest.length > 0 && seen.size < 10_000) {
    const next = rest.pop()
    if (typeof next !== 'object' || next === null || seen.has(next)) continue
    seen.add(next)
    const prototype = Object.getPrototypeOf(next)
    const isPlain = prototype === null || prototype === Object.prototype || prototype === Array.prototype
    promise(isPlain || next instanceof Date, 'an object has a prototype that its document chose')
    rest.push(...Object.values(next))
  }
}

function tars(): readonly Uint8Array[] {
  const sparse = [
    ['GNU.sparse.major', '1'],
    ['GNU.sparse.minor', '0'],
    ['GNU.sparse.name', 'd'],
    ['GNU.sparse.realsize', '2048'],
  ] as const
  return [
    tarBytes([
      { name: 'a/', type: '5' },
      { name: 'a/b', body: 'text' },
      { name: 'c', type: '2', linkName: 'a/b' },
    ]),
    tarBytes([
      paxItem([
        ['path', 'long/name'],
        ['size', '4'],
      ]),
      { name: 'x', body: 'text' },
      { name: 'h', type: '1', linkName: 'x' },
    ]),
    tarBytes([
      { name: '././@LongLink', type: 'L', body: `${'n'.repeat(200)}\0`, magic: 'gnu' },
      { name: 'n', body: 'x', magic: 'gnu' },
    ]),
    tarBytes([paxItem(sparse), { name: 'GNUSparseFile.0/d', body: `1\n0\n512\n`.padEnd(512, '\0').padEnd(1024, 'd') }]),
    tarBytes([{ name: 's', type: 'S', magic: 'gnu', body: 'x'.repeat(512), patch: oldSparse }]),
  ]
}

/** One extent of 512 bytes at 1024, of a file of 4096. */
function oldSparse(block: Uint8Array): void {
  const text = new TextEncoder()
  block.set(text.encode('00000002000\0'), 386)
  block.set(text.encode('00000001000\0'), 398)
  block.set(text.encode('00000010000\0'), 483)
}

/** Once in one piece and once in two: what is found must not depend on how the bytes come. */
function readTar(bytes: Uint8Array): void {
  const whole = tarLines([bytes])
  const cut = (bytes.length * 7) >> 4
  promise(whole === tarLines([bytes.subarray(0, cut), bytes.subarray(cut)]), 'pieces are read otherwise than the whole')
}

function tarLines(pieces: readonly Uint8Array[]): string {
  const lines: string[] = []
  let stored = 0
  const sink = {
    member: (member: TarMember) => {
      lines.push(`${member.kind} ${member.name} ${member.size} ${member.stored} ${member.sparse?.length}`)
      stored = 0
      return true
    },
    data: (piece: Uint8Array) => {
      stored += piece.length
    },
    done: (member: TarMember) => {
      promise(stored === member.stored, `a body of ${member.stored} bytes gave ${stored}`)
      lines.push('done')
    },
    fault: ({ code, detail }: { code: string; detail: string }) => lines.push(`${code} ${detail}`),
  }
  const tar = new TarParser(sink)
  for (const piece of pieces) tar.push(piece)
  tar.end()
  return lines.join('\n')
}

function readZip(bytes: Uint8Array): void {
  const read = (offset: number, length: number) =>
    bytes.subarray(Math.max(0, offset), Math.max(0, offset) + Math.max(0, length))
  const source: ByteSource = { size: bytes.length, read }
  const directory = readZipDirectory(source)
  for (const entry of directory.entries.slice(0, 20)) {
    try {
      const member = readZipMember(source, directory, { entry, maxBytes: 2 ** 20, inflate })
      promise(member.length <= 2 ** 20, 'a member is larger than its bound')
    } catch (error) {
      if (!(error instanceof Error) || error.name === 'Violation' || /^(Range|Type|Reference)Error$/.test(error.name))
        throw error
    }
  }
}

function inflate(data: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return inflateRawSync(data, { maxOutputLength: Math.max(1, maxBytes) })
  } catch (cause) {
    throw new LimitError(`not inflated: ${cause}`)
  }
}
