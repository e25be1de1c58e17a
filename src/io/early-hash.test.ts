import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, utimesSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { hashPart } from './hash-part.ts'
import type { BegunHashes, EarlyQuestion } from './part-questions.ts'
import { earlyTask, firstLayer, hashTask } from './part-tasks.ts'
import { maxPartThreads, partThreads, warmPartThread } from './part-threads.ts'

const folder = mkdtempSync(join(tmpdir(), 'early-hash-'))
afterAll(() => rmSync(folder, { recursive: true }))

const layer = Buffer.from(Uint32Array.from({ length: 90_000 }, (_, at) => Math.imul(at + 1, 0x9e3779b1)).buffer)
const name = `blobs/sha256/${'ab'.repeat(32)}`

/** An archive as Docker writes it, by the tar of this machine. */
function archiveOf(manifest: string, files = ['other.tar', name, 'manifest.json']): string {
  const tree = mkdtempSync(join(folder, 'tree-'))
  mkdirSync(join(tree, 'blobs/sha256'), { recursive: true })
  writeFileSync(join(tree, 'other.tar'), 'x'.repeat(700))
  writeFileSync(join(tree, name), layer)
  writeFileSync(join(tree, 'manifest.json'), manifest)
  execFileSync('tar', ['-cf', join(tree, 'image.tar'), '-C', tree, ...files])
  return join(tree, 'image.tar')
}

const saved = JSON.stringify([{ Config: 'x', RepoTags: null, Layers: [name, 'other.tar'] }])
const hexOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const room = () => Buffer.allocUnsafe(2 ** 16)
const question = (path: string, isArchive = true): EarlyQuestion => ({
  path,
  isArchive,
  stop: new Int32Array(new SharedArrayBuffer(4)),
})
const wanted = () => ({ algorithms: ['sha256'], state: new Int32Array(new SharedArrayBuffer(12)) })

function withFile<T>(path: string, work: (fd: number) => T): T {
  const fd = openSync(path, 'r+')
  try {
    return work(fd)
  } finally {
    closeSync(fd)
  }
}

describe('io/part-tasks, before anything is asked', () => {
  it('hashes the first layer of an archive, which the question for it goes on with', () => {
    const archive = archiveOf(saved)
    const kept: BegunHashes = new Map()
    earlyTask(question(archive), room(), kept)
    const [begun] = [...kept.values()]

    expect(begun!.bytes).toBe(layer.length)
    withFile(archive, fd => {
      const part = firstLayer(fd, room())!
      expect(hashTask({ ...part, ...wanted() }, room(), kept)).toEqual({ hex: [hexOf(layer)], bytes: layer.length })
    })
    expect(kept.size).toBe(0)
  })

  it('hashes a whole file that is no archive', () => {
    const path = join(folder, 'blob')
    writeFileSync(path, layer)
    const kept: BegunHashes = new Map()
    earlyTask(question(path, false), room(), kept)

    withFile(path, fd => {
      const part = { fd, offset: 0, size: layer.length }
      expect(hashTask({ ...part, ...wanted() }, room(), kept)).toEqual({ hex: [hexOf(layer)], bytes: layer.length })
    })
    expect(kept.size).toBe(0)
  })

  it('is of no use for another part, other digests, or a file that was written to', () => {
    const archive = archiveOf(saved)
    const kept: BegunHashes = new Map()
    earlyTask(question(archive), room(), kept)
    withFile(archive, fd => {
      const part = firstLayer(fd, room())!
      const { offset, size } = part
      const other = hashTask({ fd, offset, size: size - 1, ...wanted() }, room(), kept)
      expect(other).toEqual({ hex: [hexOf(layer.subarray(0, -1))], bytes: size - 1 })
      const longer = { ...wanted(), algorithms: ['sha512'] }
      const sha512 = createHash('sha512').update(layer).digest('hex')
      expect(hashTask({ ...part, ...longer }, room(), kept)).toEqual({ hex: [sha512], bytes: size })

      writeSync(fd, 'changed', offset)
      utimesSync(archive, 1, 1)
      const changed = Buffer.concat([Buffer.from('changed'), layer.subarray(7)])
      expect(hashTask({ ...part, ...wanted() }, room(), kept)).toEqual({ hex: [hexOf(changed)], bytes: size })
    })
    expect(kept.size).toBe(1)
  })

  it('stops when something is asked', () => {
    const stopped = question(archiveOf(saved))
    Atomics.store(stopped.stop, 0, 1)
    const kept: BegunHashes = new Map()
    earlyTask(stopped, room(), kept)

    expect([...kept.values()].map(({ bytes }) => bytes)).toEqual([0])
  })

  it.each([
    ['no manifest', saved, ['other.tar', name]],
    ['no such layer', JSON.stringify([{ Layers: ['elsewhere'] }]), undefined],
    ['a manifest that is too long', saved.padEnd(2 ** 16 + 1), undefined],
  ])('begins nothing where there is %s', (_, manifest, files) => {
    const kept: BegunHashes = new Map()
    earlyTask(question(archiveOf(manifest, files)), room(), kept)

    expect(kept.size).toBe(0)
  })

  it.each([['{'], ['[]'], ['[{}]'], ['[{"Layers":7}]'], ['null']])('throws at most for the manifest %s', manifest => {
    const kept: BegunHashes = new Map()
    try {
      earlyTask(question(archiveOf(manifest)), room(), kept)
    } catch (error) {
      expect(error).toBeInstanceOf(Error)
    }
    expect(kept.size).toBe(0)
  })

  it.skipIf(maxPartThreads < 1)('is done by the thread that is started first, whatever becomes of it', async () => {
    const archive = archiveOf(saved)
    warmPartThread({ path: join(folder, 'missing'), isArchive: true })

    expect(partThreads.isWarm).toBe(true)
    const fd = openSync(archive, 'r')
    const part = firstLayer(fd, room())!
    expect(await hashPart(part, ['sha256'])).toEqual({ hex: [hexOf(layer)], bytes: layer.length })
    closeSync(fd)
  })
})
