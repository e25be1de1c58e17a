import { describe, expect, it } from 'vitest'
import type { PackageRow } from './package-row.ts'
import { fullVersion, rpmPurl, sourceOf } from './purl.ts'

const curl: PackageRow = { name: 'curl', version: '7.50.3', release: '1.fc25', arch: 'i386' }
const fedora = { id: 'fedora', version: '25', name: 'Fedora 25' }

describe('ecosystems/rpm/purl.ts', () => {
  it('writes the examples of the purl specification', () => {
    const centerim: PackageRow = { name: 'centerim', version: '4.22.10', release: '1.el6', epoch: 1, arch: 'i686' }

    expect(rpmPurl(curl, fedora)).toBe('pkg:rpm/fedora/curl@7.50.3-1.fc25?arch=i386&distro=fedora-25')
    expect(rpmPurl(centerim, fedora)).toBe('pkg:rpm/fedora/centerim@4.22.10-1.el6?arch=i686&distro=fedora-25&epoch=1')
  })

  it.each([
    ['rhel', 'redhat'],
    ['sles', 'suse'],
    ['opensuse-leap', 'opensuse'],
    ['almalinux', 'almalinux'],
    ['amzn', 'amzn'],
  ])('names the vendor of %s', (id, vendor) => {
    expect(rpmPurl(curl, { id, version: '9', name: id })).toBe(
      `pkg:rpm/${vendor}/curl@7.50.3-1.fc25?arch=i386&distro=${id}-9`,
    )
  })

  it('leaves out what is not known', () => {
    expect(rpmPurl({ name: 'a', version: '1', release: '' }, undefined)).toBe('pkg:rpm/a@1')
  })

  it('encodes what must be', () => {
    const row: PackageRow = {
      name: 'libstdc++',
      version: '1~rc1^git',
      release: '1.module+el8+1+a',
      modularity: 'gcc:1:2:3',
      sourceRpm: 'gcc-1-1.src.rpm',
    }

    expect(rpmPurl(row, fedora)).toBe(
      'pkg:rpm/fedora/libstdc%2B%2B@1~rc1%5Egit-1.module%2Bel8%2B1%2Ba?distro=fedora-25&modularitylabel=gcc:1:2:3&upstream=gcc-1-1.src.rpm',
    )
  })

  it.each([
    ['bash-5.1.8-6.el9.src.rpm', undefined, { name: 'bash', version: '5.1.8-6.el9' }],
    [
      'java-1.8.0-openjdk-1.8.0.402.b06-2.el8.src.rpm',
      1,
      { name: 'java-1.8.0-openjdk', version: '1:1.8.0.402.b06-2.el8' },
    ],
    ['firmware-1-1.nosrc.rpm', undefined, { name: 'firmware', version: '1-1' }],
    ['(none)', undefined, undefined],
    ['-1-1.src.rpm', undefined, undefined],
    ['a-1.src.rpm', undefined, undefined],
    ['.src.rpm', undefined, undefined],
    [undefined, undefined, undefined],
  ])('takes the source from %s', (sourceRpm, epoch, expected) => {
    expect(sourceOf({ ...curl, sourceRpm, epoch })).toEqual(expected)
  })

  it('writes the epoch where there is one', () => {
    expect([fullVersion(curl), fullVersion({ ...curl, epoch: 2 })]).toEqual(['7.50.3-1.fc25', '2:7.50.3-1.fc25'])
  })
})
