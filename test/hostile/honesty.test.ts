import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stages } from '#model/stage.ts'
import type { IncompleteCode } from '#model/verdict.ts'
import { writeDockerArchive } from '#test/images/image-writer.ts'
import { type TarItem, tarBytes } from '#test/images/tar-writer.ts'
import { recordOf, writeBucket } from '#test/support/osv-bucket.ts'
import { inEveryFormat, openCage } from './cage.ts'
import { diffIdOf, replaceBlob, writeLayout } from './layouts.ts'

const cage = openCage('honesty')
afterAll(() => cage.close())

/** A home with fresh advisories for npm and two releases of Debian, and with none for anything else. */
const home = cage.home('store')
beforeAll(async () => {
  const feeds = cage.next()
  writeBucket(join(feeds, 'osv'), {
    npm: [recordOf('GHSA-aaaa-aaaa-aaaa', 'npm', 'bad')],
    Debian: [recordOf('DSA-1-1', 'Debian:12', 'bad'), recordOf('DSA-2-1', 'Debian:8', 'bad')],
  })
  const built = await cage.probe(['feeds', 'update', '--from', feeds, '-q'], { home })
  if (built.code !== 0) throw new Error(built.stderr)
})

const npm: TarItem = { name: 'node_modules/good/package.json', body: '{"name":"good","version":"1.0.0"}' }
const status: TarItem = {
  name: 'var/lib/dpkg/status',
  body: 'Package: good\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n',
}
const release = (text: string): TarItem => ({ name: 'etc/os-release', body: text })
const debian = release('ID=debian\nVERSION_ID="12"\n')

const imageOf = (...items: readonly TarItem[]) => writeDockerArchive(cage.next('.tar'), [{ layers: [items] }])
const badLayer = (stored: Uint8Array) => ({ stored, diffId: diffIdOf(stored) })
const sound = () => badLayer(tarBytes([npm]))

function directoryOf(files: Readonly<Record<string, string>>): string {
  const folder = cage.next()
  mkdirSync(folder)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

/** A layout whose second layer is as `described`, its blob taken away where it is not `kept`. */
function layoutWith(described: object, kept: boolean): string {
  const second = badLayer(gzipSync(tarBytes([npm])))
  let digest = ''
  const layout = writeLayout(cage.next(), [sound(), second], {
    layer: blob => {
      digest = blob.digest
      return { ...blob, ...(isLast(blob.size, second.stored) && described) }
    },
  })
  if (!kept) replaceBlob(layout, digest, undefined)
  return layout
}

const isLast = (size: number, stored: Uint8Array) => size === stored.length
const tar = 'application/vnd.oci.image.layer.v1.tar'
const foreign = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'

/** A header of rpm's NDB format with a version that does not exist. */
function newerDatabase(): Uint8Array {
  const bytes = new Uint8Array(4096)
  bytes.set(Buffer.from('RpmP\x63\0\0\0', 'latin1'))
  return bytes
}

describe('what was not seen', () => {
  it.each<readonly [string, () => string, readonly string[], IncompleteCode, RegExp]>([
    [
      'a distribution that nobody covers',
      () => imageOf(release('ID=raspbian\nVERSION_ID="12"\n'), status),
      [],
      'unknown-distribution',
      /raspbian/i,
    ],
    [
      'a distribution of a future release',
      () => imageOf(release('ID=debian\nVERSION_ID="99"\n'), status),
      [],
      'missing-advisories',
      /Debian:99/,
    ],
    [
      'a distribution that has ended',
      () => imageOf(release('ID=debian\nVERSION_ID="8"\n'), status),
      [],
      'ended-distribution',
      /no security fixes since 202/,
    ],
    ['no os-release', () => imageOf(status), [], 'unknown-distribution', /./],
    ['an empty os-release', () => imageOf(release(''), status), [], 'unknown-distribution', /./],
    ['no package database', () => imageOf(debian), [], 'problem', /missing/],
    [
      'a layer that is no archive',
      () => writeLayout(cage.next(), [sound(), badLayer(new Uint8Array(2000).fill(9))]),
      [],
      'problem',
      /unreadable/,
    ],
    [
      'a file above its limit',
      () => imageOf(npm, debian, status),
      ['--limit', 'file-bytes=10'],
      'problem',
      /limit.*file-bytes=10/,
    ],
    [
      'a document above its limit',
      () => imageOf(npm, debian, status),
      ['--limit', 'document-bytes=10'],
      'problem',
      /limit.*document-bytes/,
    ],
    [
      'a layer above its limit',
      () => imageOf(npm, debian, status),
      ['--limit', 'layer-bytes=600'],
      'problem',
      /limit.*layer-bytes=600/,
    ],
    [
      'more entries than the limit',
      () => imageOf(npm, debian, status),
      ['--limit', 'layer-entries=1'],
      'problem',
      /limit.*layer-entries=1/,
    ],
    [
      'more layers than the limit',
      () => writeLayout(cage.next(), [sound(), badLayer(tarBytes([debian]))]),
      ['--limit', 'target-layers=1'],
      'problem',
      /limit.*target-layers=1/,
    ],
    [
      'a package database of a later version',
      () => imageOf({ name: 'var/lib/rpm/Packages.db', body: newerDatabase() }, release('ID=rocky\nVERSION_ID="9"\n')),
      [],
      'problem',
      /version 99 is not known/,
    ],
    [
      'an ecosystem that the store lacks',
      () =>
        imageOf({
          name: 'usr/lib/python3/site-packages/a-1.dist-info/METADATA',
          body: 'Metadata-Version: 2.1\nName: a\nVersion: 1\n',
        }),
      [],
      'missing-advisories',
      /PyPI/,
    ],
    ['advisories that are old', () => imageOf(npm), ['--at', '2124-01-01T00:00:00Z'], 'stale-advisories', /2024-01-01/],
    ['an encrypted layer', () => layoutWith({ mediaType: `${tar}+gzip+encrypted` }, true), [], 'problem', /encrypted/],
    [
      'a foreign layer that is elsewhere',
      () => layoutWith({ mediaType: foreign, urls: ['https://example.com/l'] }, false),
      [],
      'problem',
      /missing/,
    ],
    ['a layer that is missing', () => layoutWith({}, false), [], 'problem', /missing/],
    ['a layer of another size', () => layoutWith({ size: 5 }, true), [], 'problem', /digest-mismatch|truncated/],
    [
      'a binary lock file',
      () => directoryOf({ 'package.json': '{}', 'bun.lockb': '#!/usr/bin/env bun\nbun-lockfile-format-v0\n' }),
      [],
      'problem',
      /unsupported/,
    ],
    [
      'half a lock file',
      () => directoryOf({ 'package-lock.json': '{"lockfileVersion":3,"packages":{' }),
      [],
      'problem',
      /unreadable/,
    ],
    [
      'a lock file of a later version',
      () => directoryOf({ 'package-lock.json': '{"lockfileVersion":99,"packages":{}}' }),
      [],
      'problem',
      /unsupported/,
    ],
  ])('is incomplete at every stage: %s', async (_title, target, more, code, detail) => {
    const at = more.includes('--at') ? [] : ['--at', '2024-01-02T00:00:00Z']
    const path = target()
    const judged = stages.map(async stage => {
      const words = ['scan', path, '--offline', '-q', '-o', 'json', '--stage', stage, ...at, ...more]
      return [stage, await cage.probe(words, { home })] as const
    })

    for (const [stage, { code: exit, stdout }] of await Promise.all(judged)) {
      const { verdict } = JSON.parse(stdout)
      const blocks = stage !== 'dev' && stage !== 'runtime'
      expect([exit, verdict.status, verdict.blocks], stage).toEqual([blocks ? 3 : 0, 'incomplete', blocks])
      expect(verdict.incomplete, stage).toContainEqual({ code, detail: expect.stringMatching(detail) })
    }
  })

  it('is told in every report', async () => {
    const words = ['scan', imageOf(status), '--offline', '--at', '2024-01-02T00:00:00Z']
    const { code, stdout, reports } = await inEveryFormat(cage, words, { home })

    expect(code).toBe(3)
    expect(stdout).toMatch(/incomplete/i)
    expect(stdout).not.toMatch(/\bPASS\b/)
    const texts = new Map(reports)
    expect(texts.get('json')).toContain('unknown-distribution')
    expect(texts.get('markdown')).toMatch(/incomplete/i)
    expect(JSON.parse(texts.get('sarif')!).runs[0].invocations[0].toolExecutionNotifications).not.toEqual([])
    expect(texts.get('cyclonedx')).toMatch(/incomplete|unknown-distribution/)
  })
})
