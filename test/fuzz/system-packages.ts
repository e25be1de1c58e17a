import { parseCopyright } from '#ecosystems/deb/copyright.ts'
import { openHeader } from '#ecosystems/rpm/header.ts'
import { readPackage } from '#ecosystems/rpm/package-row.ts'
import type { FuzzTarget } from '#tools/fuzz/target.ts'
import { readerTarget } from './reader-target.ts'
import { fixture, textOf } from './seeds.ts'

const rpm = 'ecosystems/rpm/fixtures'
const deb = 'ecosystems/deb/fixtures/debian-12'
const rpmFiles = ['ecosystems/rpm/header', 'ecosystems/rpm/catalog', 'ecosystems/rpm/package-row']
const stanza = ['\nPackage: a', '\nVersion: 1:2-3', '\nStatus: install ok installed', '\nSource: b (1)', '\n\n', '\n ']

/** Package databases of operating systems. */
export const systemPackageTargets: readonly FuzzTarget[] = [
  readerTarget({
    name: 'dpkg-status',
    ecosystem: 'deb',
    path: 'var/lib/dpkg/status',
    covers: ['ecosystems/deb/status', 'ecosystems/deb/catalog'],
    seeds: () => [fixture(`${deb}/var/lib/dpkg/status`)],
    words: stanza,
  }),
  readerTarget({
    name: 'dpkg-fragment',
    ecosystem: 'deb',
    path: 'var/lib/dpkg/status.d/tzdata',
    covers: ['ecosystems/deb/status', 'ecosystems/deb/catalog'],
    seeds: () => [fixture('ecosystems/deb/fixtures/distroless-12/var/lib/dpkg/status.d/tzdata')],
    words: stanza,
  }),
  readerTarget({
    name: 'dpkg-md5sums',
    ecosystem: 'deb',
    path: 'var/lib/dpkg/info/libc6:amd64.md5sums',
    covers: ['ecosystems/deb/file-lists'],
    seeds: () => [fixture(`${deb}/var/lib/dpkg/info/libc6:amd64.md5sums`)],
  }),
  {
    name: 'dpkg-copyright',
    covers: ['ecosystems/deb/copyright'],
    seeds: () => ['adduser', 'base-files', 'tzdata'].map(name => fixture(`${deb}/usr/share/doc/${name}/copyright`)),
    words: ['\nLicense: ', ' and ', ' or ', 'Format: ', '\nFiles: *', '(', ')', '/usr/share/common-licenses/'],
    throws: 'never',
    run: bytes => void parseCopyright(textOf(bytes)),
  },
  readerTarget({
    name: 'apk-installed',
    ecosystem: 'apk',
    path: 'lib/apk/db/installed',
    covers: ['ecosystems/apk/installed', 'ecosystems/apk/catalog'],
    seeds: () => [fixture('ecosystems/apk/fixtures/alpine-3.20/lib/apk/db/installed')],
    words: ['\nP:', '\nV:1.2-r3', '\nF:', '\nR:', '\nZ:Q1', '\no:', '\nL:', '\n\n'],
  }),
  ...['Packages.little-endian.gz', 'Packages.big-endian.gz', 'Packages.large-pages.gz'].map(name =>
    readerTarget({
      name: `rpm-bdb-${name.split('.')[1]}`,
      ecosystem: 'rpm',
      path: 'var/lib/rpm/Packages',
      covers: ['ecosystems/rpm/bdb', ...rpmFiles],
      seeds: () => [fixture(`${rpm}/${name}`)],
      maxLength: 2 ** 20,
    }),
  ),
  readerTarget({
    name: 'rpm-ndb',
    ecosystem: 'rpm',
    path: 'var/lib/rpm/Packages.db',
    covers: ['ecosystems/rpm/ndb', ...rpmFiles],
    seeds: () => [fixture(`${rpm}/Packages.db.gz`)],
    words: ['RpmP', 'Slot', 'BlbS', 'BlbE'],
    maxLength: 2 ** 20,
  }),
  readerTarget({
    name: 'rpm-sqlite',
    ecosystem: 'rpm',
    path: 'var/lib/rpm/rpmdb.sqlite',
    covers: ['ecosystems/rpm/sqlite', ...rpmFiles],
    seeds: () => [fixture(`${rpm}/rpmdb.sqlite.gz`)],
    words: ['SQLite format 3\0', 'Packages', 'CREATE TABLE'],
    maxLength: 2 ** 20,
  }),
  {
    name: 'rpm-header',
    covers: ['ecosystems/rpm/header', 'ecosystems/rpm/package-row'],
    seeds: () => rpmHeaders(),
    throws: 'errors',
    run: bytes => void readPackage(openHeader(bytes)),
  },
  readerTarget({
    name: 'rpm-manifest',
    ecosystem: 'rpm',
    path: 'var/lib/rpmmanifest/container-manifest-2',
    covers: ['ecosystems/rpm/manifest'],
    seeds: () => [fixture(`${rpm}/container-manifest-2`)],
    words: ['\t', '(none)', '\n'],
  }),
]

/** Headers as they lie in a database: index length, data length, entries, data. */
function rpmHeaders(): readonly Uint8Array[] {
  const bytes = fixture(`${rpm}/Packages.db.gz`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const found: Uint8Array[] = []
  for (let at = 0; at + 16 < bytes.length && found.length < 4; at += 16) {
    const isBlob = textOf(bytes.subarray(at, at + 4)) === 'BlbS'
    if (isBlob) found.push(bytes.slice(at + 16, at + 16 + view.getUint32(at + 12, true)))
  }
  return found
}
