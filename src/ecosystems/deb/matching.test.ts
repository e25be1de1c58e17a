import { describe, expect, it } from 'vitest'
import type { Distro } from '#model/distro.ts'
import type { Package } from '#model/package.ts'
import { matching } from './matching.ts'

const bookworm: Distro = { id: 'debian', version: '12', name: 'Debian GNU/Linux 12 (bookworm)' }

function found(purl: string, version: string, source: Package['source']): Package {
  const name = 'libx'
  return { purl, type: 'deb', name, version, source, licenses: [], state: 'installed', locations: [] }
}

describe('ecosystems/deb/matching', () => {
  it('asks for the source package and its version', () => {
    const pkg = found('pkg:deb/debian/libx@1-1%2Bb1?arch=amd64&distro=debian-12', '1-1+b1', {
      name: 'x',
      version: '1-1',
    })

    expect(matching.queries(pkg, bookworm)).toEqual([{ ecosystem: 'Debian:12', name: 'x', version: '1-1' }])
  })

  it('asks in the release that the package itself names', () => {
    const pkg = found('pkg:deb/debian/libx@1-1?arch=amd64&distro=debian-11', '1-1', { name: 'x', version: '1-1' })

    expect(matching.queries(pkg, bookworm)[0]?.ecosystem).toBe('Debian:11')
    expect(matching.queries(pkg, undefined)[0]?.ecosystem).toBe('Debian:11')
  })

  it('asks nothing where no release is known', () => {
    const pkg = found('pkg:deb/libx@1-1?arch=amd64', '1-1', undefined)

    expect(matching.queries(pkg, undefined)).toEqual([])
    expect(matching.queries(pkg, { id: 'kali', version: '2025.4', name: 'Kali' })).toEqual([])
  })

  it('asks Ubuntu Pro for packages with its fixes', () => {
    const jammy: Distro = { id: 'ubuntu', version: '22.04', name: 'Ubuntu 22.04.5 LTS' }
    const ecosystem = (version: string) =>
      matching.queries(found('pkg:deb/ubuntu/libx@1?distro=ubuntu-22.04', version, undefined), jammy)[0]?.ecosystem

    expect(ecosystem('1.0-2ubuntu0.1')).toBe('Ubuntu:22.04:LTS')
    expect(ecosystem('1.0-2ubuntu0.1~esm1')).toBe('Ubuntu:Pro:22.04:LTS')
  })
})
