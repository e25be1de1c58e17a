import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { root } from '#test/architecture/sources.ts'
import { writeDockerArchive } from '#test/images/image-writer.ts'
import type { TarItem } from '#test/images/tar-writer.ts'
import { openCage } from './cage.ts'

const cage = openCage('databases')
afterAll(() => cage.close())

const fixtures = (ecosystem: string) => join(root, 'src/ecosystems', ecosystem, 'fixtures')
const release: TarItem = { name: 'etc/os-release', body: 'ID=rocky\nVERSION_ID="9.4"\n' }

/** Packages of every fixture of rpm, the public key left out. */
const all = ['alpha', 'beta', 'beta-libs', 'many-files', 'md5-digests', 'nodejs']

/** A copy of a database that is damaged in one place. */
interface Damaged {
  readonly what: string
  readonly bytes: Uint8Array
}

type Change = (view: DataView, page: number, size: number) => void

const fill = (value: number): Change => {
  return (view, page, size) => new Uint8Array(view.buffer, page, Math.min(size, view.byteLength - page)).fill(value)
}

/** The database with each of its pages changed in turn. */
function eachPage(bytes: Uint8Array, pageSize: number, changes: Readonly<Record<string, Change>>): readonly Damaged[] {
  const pages = Array.from({ length: Math.ceil(bytes.length / pageSize) }, (_, number) => number * pageSize)
  return Object.entries(changes).flatMap(([what, change]) =>
    pages.map(page => {
      const copy = Uint8Array.from(bytes)
      change(new DataView(copy.buffer), page, pageSize)
      return { what: `${what} at ${page}`, bytes: copy }
    }),
  )
}

/** A database is a file of pages that name each other by number. */
interface Format {
  readonly file: string
  /** Where it lies in a root file system. */
  readonly place: string
  readonly pageSize: (view: DataView) => number
  /** Pointers of a page: their places in it, and how a number is written there. */
  readonly pointers: readonly number[]
  readonly littleEndian: boolean
}

const berkeley = (file: string, littleEndian: boolean): Format => ({
  file,
  place: 'var/lib/rpm/Packages',
  pageSize: view => view.getUint32(20, littleEndian),
  // A page's own number, the ones before and after it; of the first page the last one, the number of buckets and where
  // they lie. How many entries a page has is left out: one without any is as good as another.
  pointers: [8, 12, 16, 32, 48, 72, 76, 96, 100],
  littleEndian,
})

const formats: readonly Format[] = [
  {
    file: 'rpmdb.sqlite.gz',
    place: 'usr/lib/sysimage/rpm/rpmdb.sqlite',
    pageSize: view => view.getUint16(16),
    // The next page of an overflow chain, the first free block and the number of cells, the right child, cell pointers.
    pointers: [0, 1, 3, 8, 12, 16, 28, 32, 100, 103, 108],
    littleEndian: false,
  },
  berkeley('Packages.little-endian.gz', true),
  berkeley('Packages.big-endian.gz', false),
  berkeley('Packages.small-pages.gz', true),
  berkeley('Packages.large-pages.gz', true),
  {
    file: 'Packages.db.gz',
    place: 'usr/lib/sysimage/rpm/Packages.db',
    pageSize: () => 4096,
    pointers: [0, 4, 8, 12, 16, 24, 32, 36, 40, 44, 48, 56, 60, 76, 92],
    littleEndian: true,
  },
]

/** Every page emptied, filled, swapped for the one before; every pointer of it to itself, to the first page and to nowhere. */
function damagedCopies({ pageSize, pointers, littleEndian }: Format, bytes: Uint8Array): readonly Damaged[] {
  const size = pageSize(new DataView(bytes.buffer, bytes.byteOffset))
  const put = (to: (number: number) => number) => (place: number) => {
    const change: Change = (view, page) => {
      if (page + place + 4 <= view.byteLength) view.setUint32(page + place, to(page / size), littleEndian)
    }
    return change
  }
  const targets = {
    itself: put(number => number),
    'itself, counted from one': put(number => number + 1),
    'the first page': put(() => 1),
    nowhere: put(() => 0xffffffff),
    'the end': put(() => Math.ceil(bytes.length / size)),
    nothing: put(() => 0),
  }
  const pointed = Object.entries(targets).flatMap(([name, to]) =>
    pointers.map(place => [`pointer ${place} to ${name}`, to(place)] as const),
  )
  const swap: Change = (view, page) => {
    if (page === 0 || page + size > view.byteLength) return
    const before = new Uint8Array(view.buffer, page - size, size).slice()
    new Uint8Array(view.buffer, page - size, size).set(new Uint8Array(view.buffer, page, size))
    new Uint8Array(view.buffer, page, size).set(before)
  }
  return [
    ...eachPage(bytes, size, { ...Object.fromEntries(pointed), zeros: fill(0), ones: fill(0xff), swapped: swap }),
    ...[1, 99, 100, 512, 4095, 4097, bytes.length >> 1, bytes.length - 1].map(length => ({
      what: `cut after ${length}`,
      bytes: bytes.slice(0, length),
    })),
  ]
}

/** Bytes of one image. */
const maxBytes = 48 * 2 ** 20

/** As many of them as an image may hold, from all over. */
function sample(copies: readonly Damaged[]): readonly Damaged[] {
  const total = copies.reduce((sum, { bytes }) => sum + bytes.length, 0)
  const step = Math.ceil(total / maxBytes)
  return copies.filter((_, at) => (Math.imul(at, 2_654_435_761) >>> 8) % step === 0)
}

/** Packages and problems of an image, by the root that they lie in: `roots/N/…`. */
async function byRoot(items: readonly TarItem[]) {
  const target = writeDockerArchive(cage.next('.tar'), [{ layers: [items] }])
  const { code, stdout } = await cage.probe(['sbom', target, '-q', '-o', 'json', '--limit', 'document-bytes=1G'])
  const { packages, problems } = JSON.parse(stdout)
  const rootOf = (path: string) => /^roots\/(\d+)\//.exec(path)?.[1]
  const names = new Map<string, string[]>()
  for (const { name, locations } of packages)
    for (const { path } of locations) {
      const of = rootOf(path)
      if (of !== undefined) names.set(of, [...(names.get(of) ?? []), name])
    }
  const told = new Set(problems.map(({ location }: { location?: { path: string } }) => rootOf(location?.path ?? '')))
  return { code, names, told }
}

describe('a package database', () => {
  it.each(formats.map(format => [format.file, format] as const))(
    'loses no package without a word, wherever it is broken: %s',
    async (_title, format) => {
      const bytes = new Uint8Array(gunzipSync(readFileSync(join(fixtures('rpm'), format.file))))
      const copies = [{ what: 'whole', bytes }, ...sample(damagedCopies(format, bytes))]
      const items = copies.map((copy, at): TarItem => ({ name: `roots/${at}/${format.place}`, body: copy.bytes }))

      const { code, names, told } = await byRoot([release, ...items])

      expect(code).toBe(3)
      const silent = copies.filter((_, at) => {
        // Names may be changed by what lies where they were; that they are fewer may not go unsaid.
        return !told.has(String(at)) && new Set(names.get(String(at))).size < all.length
      })
      console.info(`${format.file}: ${copies.length} copies, ${told.size} with a problem`)
      expect([...names.get('0')!].sort()).toEqual(all)
      expect(silent.map(({ what }) => what)).toEqual([])
    },
  )
})

/** A program of the fixtures, with zeros where it was trimmed. */
function program(name: string): Uint8Array {
  const { size, parts } = JSON.parse(readFileSync(join(fixtures('golang'), name), 'utf8'))
  const bytes = new Uint8Array(size)
  for (const [offset, text] of parts) bytes.set(Buffer.from(text, 'base64'), offset)
  return bytes
}

describe('a program', () => {
  const programs = readdirSync(fixtures('golang')).filter(name => /^app-.*\.json$/.test(name))

  it.each(programs)('may lie in every field of its headers: %s', async name => {
    const bytes = program(name)
    // Headers of ELF, PE and Mach-O with their tables lie in the first kilobyte; each word of it gets one of four values.
    const items = Array.from({ length: 64 }, (_, at): TarItem => {
      const body = Uint8Array.from(bytes)
      const place = at * 16 + (at % 4) * 4
      body.fill([0, 0xff, 0x7f, 0x80][(at >> 2) % 4]!, place, place + 4)
      return { name: `roots/${at}/usr/bin/app`, body, mode: 0o755 }
    })

    const { code, names } = await byRoot([...items, { name: 'roots/100/usr/bin/app', body: bytes, mode: 0o755 }])

    expect(names.get('100')).toContain('golang.org/x/text')
    expect([0, 3]).toContain(code)
  })
})
