import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRegularFile } from '#io/file.ts'
import { Failure } from '#lib/failure.ts'
import type { Limits } from '#model/limits.ts'
import { paxItem, tarBytes } from '#test/images/tar-writer.ts'
import { lines, walkAll } from '#test/images/walk.ts'
import { hasProgram } from '#test/support/engine.ts'
import { describeWith } from '#test/support/skips.ts'
import type { Blob, LayerClaim } from './blob.ts'
import { openLayer } from './layer.ts'
import { regionBlob } from './store.ts'
import type { WalkedFile } from './types.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-layer-'))
const temporary = join(folder, 'temporary')
afterAll(() => rmSync(folder, { recursive: true }))

function memoryBlob(bytes: Uint8Array, piece = 4096): Blob {
  return {
    size: bytes.length,
    async *stream() {
      // One buffer for all chunks, as the contract allows.
      const buffer = new Uint8Array(piece)
      for (let offset = 0; offset < bytes.length; offset += piece) {
        const part = bytes.subarray(offset, offset + piece)
        buffer.set(part)
        yield buffer.subarray(0, part.length)
      }
    },
  }
}

function layerOf(bytes: Uint8Array, claim: LayerClaim = {}, limits?: Partial<Limits>) {
  return openLayer(memoryBlob(bytes), claim, { temporary, limits })
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

const simple = tarBytes([
  { name: 'etc/', type: '5' },
  { name: 'etc/os-release', body: 'ID=debian\n' },
  { name: 'usr/bin/.wh.sh', body: '' },
  { name: 'big', body: 'x'.repeat(100_000) },
])
const simpleId = `sha256:${sha256(simple)}`

describe('images/layer', () => {
  it.each([
    ['plain', simple],
    ['gzip', gzipSync(simple)],
    ['zstd', zstdCompressSync(simple)],
  ])('walks %s alike, whatever the media type says', async (_title, bytes) => {
    const claim = { diffId: simpleId, digest: `sha256:${sha256(bytes)}`, size: bytes.length, mediaType: 'text/plain' }

    const walked = await walkAll(layerOf(bytes, claim))

    expect(lines(walked)).toEqual(['directory etc', 'file etc/os-release', 'whiteout usr/bin/sh', 'file big'])
    expect(walked.hashes.get('big')).toBe(sha256(Buffer.alloc(100_000, 'x')))
    expect(walked.digest).toBe(claim.digest)
    expect(walked.problems).toEqual([])
  })

  it('makes the digest of what a compressed layer inflates to only where no other is claimed', async () => {
    const bytes = gzipSync(simple)
    const digest = `sha256:${sha256(bytes)}`

    const ends = await Promise.all([{}, { digest }, { diffId: simpleId }].map(claim => walkAll(layerOf(bytes, claim))))
    const known = await walkAll(layerOf(bytes, { diffId: simpleId, digest }))

    expect(ends.map(({ diffId }) => diffId)).toEqual([simpleId, simpleId, simpleId])
    expect(ends.map(end => end.digest)).toEqual([simpleId, digest, simpleId])
    expect([known.diffId, known.digest]).toEqual([undefined, digest])
  })

  it('reports digests and sizes that are not as claimed', async () => {
    const other = `sha256:${'0'.repeat(64)}`
    const bytes = gzipSync(simple)
    const codes = async (claim: LayerClaim, data: Uint8Array = bytes) =>
      (await walkAll(layerOf(data, claim))).problems.map(({ code }) => code)

    expect(await codes({ diffId: other })).toEqual(['digest-mismatch'])
    expect(await codes({ digest: other })).toEqual(['digest-mismatch'])
    expect(await codes({ digest: other }, simple)).toEqual(['digest-mismatch'])
    expect(await codes({ digest: `sha256:${sha256(bytes)}`, size: 1 })).toEqual(['digest-mismatch'])
    expect(await codes({ diffId: `sha512:${createHash('sha512').update(simple).digest('hex')}` })).toEqual([])
  })

  it.each([
    ['nothing', new Uint8Array(0), []],
    ['two zero blocks', new Uint8Array(1024), []],
    ['text', new TextEncoder().encode('no tar at all '.repeat(60)), ['unreadable']],
    ['a short file', new Uint8Array(100), ['unreadable']],
    ['xz', Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 0), ['unsupported']],
    ['cut gzip', gzipSync(simple).subarray(0, 200), ['truncated']],
    ['cut tar', simple.subarray(0, 4000), ['truncated']],
    [
      'gzip with a damaged checksum',
      Buffer.concat([gzipSync(simple).subarray(0, -8), Buffer.alloc(8, 1)]),
      ['unreadable'],
    ],
  ])('of %s', async (_title, bytes, codes) => {
    const walked = await walkAll(layerOf(bytes))

    expect(walked.problems.map(({ code }) => code)).toEqual(codes)
    if (codes.length === 0) expect(walked.diffId).toBe(`sha256:${sha256(bytes)}`)
  })

  it('says what is missing and what is encrypted', async () => {
    const missing = await walkAll(openLayer(undefined, { diffId: simpleId }, { temporary }))
    const encrypted = await walkAll(
      layerOf(simple, { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip+encrypted' }),
    )

    expect(missing.problems).toMatchObject([{ code: 'missing', location: { layer: simpleId } }])
    expect(encrypted.problems).toMatchObject([{ code: 'encrypted' }])
  })

  it('skips paths that lead out of the tree and names them', async () => {
    const bytes = tarBytes([
      { name: '../../etc/passwd', body: 'x' },
      { name: 'ok', body: 'y' },
    ])

    const walked = await walkAll(layerOf(bytes))

    expect(lines(walked)).toEqual(['file ok'])
    expect(walked.problems).toMatchObject([{ code: 'unreadable', location: { path: '../../etc/passwd' } }])
  })

  it('keeps to its limits and reads the rest', async () => {
    const bodies = await walkAll(layerOf(gzipSync(simple), {}, { 'file-bytes': 1000 }))
    const entries = await walkAll(layerOf(simple, {}, { 'layer-entries': 2 }))
    const bomb = gzipSync(
      tarBytes([
        { name: 'a', body: 'a' },
        { name: 'zeros', body: Buffer.alloc(30 * 2 ** 20) },
      ]),
    )
    const whole = await walkAll(layerOf(bomb, {}, { 'layer-bytes': 2 ** 20 }))
    const ratio = await walkAll(layerOf(bomb, {}, { 'inflate-ratio-from': 2 ** 20 }))

    expect(bodies.problems).toMatchObject([{ code: 'limit', location: { path: 'big' } }])
    expect([...bodies.hashes.keys()]).toEqual(['etc/os-release'])
    expect(entries.problems).toMatchObject([{ code: 'limit' }])
    expect(entries.diffId).toBe(simpleId)
    expect(whole.problems).toMatchObject([{ code: 'limit' }])
    expect(whole.hashes.has('a')).toBe(true)
    expect(whole.diffId).toBeUndefined()
    expect(ratio.problems).toMatchObject([{ code: 'limit' }])
  })

  it('keeps large bodies in a temporary file that is gone afterwards', async () => {
    let read: Uint8Array | undefined
    const layer = layerOf(gzipSync(simple), {}, { 'memory-bytes': 1000 })

    await layer.walk({
      entry: ({ path }) => path === 'big',
      file: (_entry, file) => {
        read = file.bytes()
        expect(() => file.bytes(99_999)).toThrow('above the limit')
        expect(file.read(99_990, 100)).toHaveLength(10)
        expect(file.read(100_001, 5)).toHaveLength(0)
      },
    })

    expect(Buffer.alloc(100_000, 'x').equals(read ?? Buffer.alloc(0))).toBe(true)
    expect(readdirSync(temporary)).toEqual([])
  })

  it('gives bodies that may be kept, from reused chunks and from sparse maps', async () => {
    const kept: Uint8Array[] = []
    const sparse = [
      paxItem([
        ['GNU.sparse.map', '2,3,8,2'],
        ['GNU.sparse.size', '12'],
      ]),
      { name: 's', body: 'abcde' },
    ]
    const layer = layerOf(tarBytes([{ name: 'a', body: 'aaa' }, { name: 'b', body: 'bbb' }, ...sparse]))
    let file: WalkedFile | undefined

    await layer.walk({
      entry: () => true,
      file: (_entry, walked) => {
        kept.push(walked.bytes())
        file = walked
        if (walked.path === 's') expect(Buffer.from(walked.read(4, 5)).toString()).toBe('c\0\0\0d')
      },
    })

    expect(kept.map(bytes => Buffer.from(bytes).toString())).toEqual(['aaa', 'bbb', '\0\0abc\0\0\0de\0\0'])
    expect(file?.size).toBe(12)
  })

  it('passes on failures of the transport, and makes problems of other errors', async () => {
    const failing = (error: Error): Blob => ({
      async *stream() {
        yield simple.subarray(0, 2048)
        throw error
      },
    })
    const broken = openLayer(failing(new Error('EIO')), {}, { temporary })
    const refused = openLayer(failing(new Failure('registry/unreachable', 'gone')), {}, { temporary })

    expect((await walkAll(broken)).problems).toMatchObject([{ code: 'unreadable' }])
    await expect(walkAll(refused)).rejects.toThrow('gone')
  })

  it('stops when it is told to, and tells its progress', async () => {
    const events: number[] = []
    const layer = openLayer(memoryBlob(simple), {}, { temporary, progress: ({ done }) => events.push(done) })
    await walkAll(layer)

    const visitor = { entry: () => false, file: () => undefined }
    await expect(layer.walk(visitor, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')

    expect(events.at(-1)).toBe(simple.length)
  })

  it('never throws on damaged layers', async () => {
    const variants = [simple, gzipSync(simple), zstdCompressSync(simple)]

    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...variants), fc.nat(), fc.nat(255), async (bytes, at, value) => {
        const changed = Uint8Array.from(bytes)
        changed[at % changed.length] = value
        await walkAll(layerOf(changed))
        await walkAll(layerOf(bytes.subarray(0, at % bytes.length)))
      }),
      { numRuns: 200 },
    )
  })
})

describeWith('GNU tar', hasProgram('tar'))('images/layer beside GNU tar', () => {
  const tree = join(folder, 'tree')
  const deep = `${'a-long-directory-name/'.repeat(12)}`

  beforeAll(() => {
    mkdirSync(join(tree, deep), { recursive: true })
    writeFileSync(join(tree, deep, 'file with a long name.txt'), 'deep')
    writeFileSync(join(tree, 'plain'), 'plain\n')
    writeFileSync(join(tree, 'größe'), 'unicode')
    const script =
      'ln -s plain sym; ln plain hard; truncate -s 3M holes; printf begin | dd of=holes conv=notrunc status=none; '
    const more =
      'for at in 100 300 500 700 900 1100 1300; do printf "at $at" | dd of=holes bs=1024 seek=$at conv=notrunc status=none; done'
    execFileSync('sh', ['-c', script + more], { cwd: tree })
  })

  it.each([
    ['gnu', []],
    ['oldgnu', []],
    ['pax', []],
    ['gnu', ['--sparse']],
    ['pax', ['--sparse', '--sparse-version=0.0']],
    ['pax', ['--sparse', '--sparse-version=0.1']],
    ['pax', ['--sparse', '--sparse-version=1.0']],
    ['ustar', ['--exclude=a-long*']],
    ['v7', ['--exclude=a-long*']],
  ])('--format=%s %j', async (format, options) => {
    const archive = join(folder, `archive-${format}-${options.length}.tar`)
    execFileSync('tar', ['-C', tree, `--format=${format}`, ...options, '-cf', archive, '.'])
    const listed = execFileSync('tar', ['-tf', archive, '--quoting-style=literal'], { encoding: 'utf8' })
      .trimEnd()
      .split('\n')
    const expected = listed.map(path => path.replace(/^\.\//, '').replace(/\/$/, '')).filter(path => path !== '')
    const bytes = readFileSync(archive)
    const file = await openRegularFile(archive)
    const inPlace = regionBlob({ fd: file!.fd, offset: 0, size: file!.size })

    const plain = await walkAll(openLayer(inPlace, {}, { temporary }))
    const compressed = await walkAll(layerOf(gzipSync(bytes)))

    expect(plain.problems).toEqual([])
    expect(plain.entries.map(({ path }) => path)).toEqual(expected)
    expect(plain.diffId).toBe(`sha256:${execFileSync('sha256sum', [archive], { encoding: 'utf8' }).slice(0, 64)}`)
    for (const [path, hash] of plain.hashes) {
      expect([path, hash]).toEqual([
        path,
        execFileSync('sha256sum', [join(tree, path)], { encoding: 'utf8' })
          .replace(/^\\/, '')
          .slice(0, 64),
      ])
    }
    expect(plain.hashes.size).toBeGreaterThanOrEqual(3)
    expect(compressed).toEqual(plain)
  })
})
