import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Distro,
  distroFiles,
  identifyDistro,
  osvEcosystems,
  packageDistro,
  purlDistro,
  supportProduct,
} from './distro.ts'

/** Real texts, as published; origins in `fixtures/ORIGIN.md`. */
function fixture(name: string): string {
  return readFileSync(new URL(`./fixtures/os-release/${name}`, import.meta.url), 'utf8')
}

function identify(files: Record<string, string>): Distro | undefined {
  return identifyDistro(new Map(Object.entries(files)))
}

function osRelease(name: string): Distro {
  return identify({ 'etc/os-release': fixture(name) })!
}

const releases: readonly [file: string, purl: string, osv: string | undefined, support: string | undefined][] = [
  ['almalinux-9.6', 'almalinux-9.6', 'AlmaLinux:9', 'almalinux 9'],
  ['alpine-3.20', 'alpine-3.20.3', 'Alpine:v3.20', 'alpine-linux 3.20'],
  ['alpine-3.8', 'alpine-3.8.5', 'Alpine:v3.8', 'alpine-linux 3.8'],
  ['amazon-2', 'amzn-2', undefined, 'amazon-linux 2'],
  ['azurelinux-3', 'azurelinux-3.0', 'Azure Linux:3', undefined],
  ['cbl-mariner-2', 'mariner-2.0', 'Azure Linux:2', undefined],
  ['debian-12', 'debian-12', 'Debian:12', 'debian 12'],
  ['fedora-37', 'fedora-37', undefined, 'fedora 37'],
  ['kali-2025.4', 'kali-2025.4', undefined, undefined],
  ['linuxmint-22', 'linuxmint-22', undefined, undefined],
  ['openeuler-24.03', 'openeuler-24.03', 'openEuler:24.03-LTS-SP2', undefined],
  ['opensuse-tumbleweed', 'opensuse-tumbleweed-20240823', 'openSUSE:Tumbleweed', undefined],
  ['rhel-8.0', 'rhel-8.0', 'Red Hat:enterprise_linux:8::baseos', 'rhel 8'],
  ['rocky-8', 'rocky-8', 'Rocky Linux:8', 'rocky-linux 8'],
  ['sles-15.7', 'sles-15.7', 'SUSE:Linux Enterprise Server 15 SP7', 'sles 15.7'],
  ['wolfi', 'wolfi-20230201', 'Wolfi', undefined],
]

describe('model/distro', () => {
  it.each(releases)('reads %s as published', (file, purl, osv, support) => {
    const distro = osRelease(file)

    expect(purlDistro(distro)).toBe(purl)
    expect(osvEcosystems(distro)[0]).toBe(osv)
    const product = supportProduct(distro)
    expect(product && `${product.product} ${product.cycle}`).toBe(support)
  })

  it('tells Ubuntu releases with long-term support apart', () => {
    const ubuntu = (version: string) => osvEcosystems({ id: 'ubuntu', version, name: 'Ubuntu' })

    expect(ubuntu('22.04')).toEqual(['Ubuntu:22.04:LTS'])
    expect(ubuntu('24.04')).toEqual(['Ubuntu:24.04:LTS'])
    expect(ubuntu('23.04')).toEqual(['Ubuntu:23.04'])
    expect(ubuntu('22.10')).toEqual(['Ubuntu:22.10'])
    expect(ubuntu('22')).toEqual([])
  })

  it('asks every repository or module that a split release has', () => {
    const rhel9 = osvEcosystems({ id: 'rhel', version: '9.4', name: 'Red Hat Enterprise Linux 9.4 (Plow)' })
    const rhel10 = osvEcosystems({ id: 'rhel', version: '10.1', name: 'Red Hat Enterprise Linux 10.1' })
    const sles15 = osvEcosystems(osRelease('sles-15.7'))

    expect(rhel9).toContain('Red Hat:enterprise_linux:9::appstream')
    expect(rhel10).toContain('Red Hat:enterprise_linux:10.0')
    expect(rhel10).toContain('Red Hat:enterprise_linux:10.1')
    expect(sles15).toContain('SUSE:Linux Enterprise Module for Basesystem 15 SP7')
    expect(sles15).toContain('SUSE:Linux Enterprise Server 15 SP7-LTSS')
  })

  // the marketing names that OSV uses are the PRETTY_NAMEs of these releases
  it.each([
    ['sles', '12.5', 'SUSE:Linux Enterprise Server 12 SP5'],
    ['sles', '15', 'SUSE:Linux Enterprise Server 15'],
    ['sles', '16.0', 'SUSE:Linux Enterprise Server 16.0'],
    ['sle-micro', '5.5', 'SUSE:Linux Enterprise Micro 5.5'],
    ['sl-micro', '6.0', 'SUSE:Linux Micro 6.0'],
    ['opensuse-leap', '15.6', 'openSUSE:Leap 15.6'],
    ['mageia', '9', 'Mageia:9'],
    ['chainguard', '20230214', 'Chainguard'],
  ])('names %s %s as OSV does', (id, version, ecosystem) => {
    expect(osvEcosystems({ id, version, name: '' })[0]).toBe(ecosystem)
  })

  it('knows Debian testing by its codename and sid by none', () => {
    const testing = identify({
      'etc/os-release': 'PRETTY_NAME="Debian GNU/Linux trixie/sid"\nVERSION_CODENAME=trixie\nID=debian\n',
    })!
    const sid = identify({ 'etc/debian_version': 'sid\n' })!

    expect(testing).toEqual({ id: 'debian', codename: 'trixie', name: 'Debian GNU/Linux trixie/sid' })
    expect(osvEcosystems(testing)).toEqual(['Debian:13'])
    expect(purlDistro(testing)).toBe('debian-trixie')
    expect(osvEcosystems(sid)).toEqual([])
    expect(supportProduct(sid)).toBeUndefined()
  })

  it.each([
    ['etc/centos-release', 'CentOS release 6.10 (Final)\n', 'centos-6.10', 'centos 6'],
    ['etc/centos-release', 'CentOS Linux release 7.9.2009 (Core)\n', 'centos-7.9.2009', 'centos 7'],
    ['etc/redhat-release', 'Red Hat Enterprise Linux Server release 6.10 (Santiago)\n', 'rhel-6.10', 'rhel 6'],
    ['etc/oracle-release', 'Oracle Linux Server release 6.10\n', 'ol-6.10', 'oracle-linux 6'],
    ['etc/system-release', 'Amazon Linux AMI release 2018.03\n', 'amzn-2018.03', 'amazon-linux 2018.03'],
    ['etc/photon-release', 'VMware Photon OS 4.0\nPHOTON_BUILD_NUMBER=2f5aad892\n', 'photon-4.0', undefined],
    ['etc/mariner-release', 'CBL-Mariner 2.0.20220226\n', 'mariner-2.0.20220226', undefined],
    [
      'etc/SuSE-release',
      'SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n',
      'sles-11.4',
      'sles 11.4',
    ],
    ['etc/SuSE-release', 'openSUSE 13.1 (x86_64)\nVERSION = 13.1\n', 'opensuse-13.1', 'opensuse 13.1'],
    ['etc/alpine-release', '3.11.13\n', 'alpine-3.11.13', 'alpine-linux 3.11'],
    ['etc/debian_version', '6.0.10\n', 'debian-6', 'debian 6'],
    [
      'etc/lsb-release',
      'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=10.04\nDISTRIB_CODENAME=lucid\nDISTRIB_DESCRIPTION="Ubuntu 10.04.4 LTS"\n',
      'ubuntu-10.04',
      'ubuntu 10.04',
    ],
  ])('reads %s of releases without os-release', (path, text, purl, support) => {
    const distro = identify({ [path]: text })!

    expect(purlDistro(distro)).toBe(purl)
    const product = supportProduct(distro)
    expect(product && `${product.product} ${product.cycle}`).toBe(support)
  })

  it('takes the narrower file where a rebuild keeps its parent’s', () => {
    const oracle = identify({
      'etc/redhat-release': 'Red Hat Enterprise Linux Server release 6.10 (Santiago)\n',
      'etc/oracle-release': 'Oracle Linux Server release 6.10\n',
    })
    const ubuntu = identify({
      'etc/os-release': 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\nPRETTY_NAME="Ubuntu 24.04.1 LTS"\n',
      'etc/debian_version': 'trixie/sid\n',
    })

    expect(oracle?.id).toBe('ol')
    expect(ubuntu?.id).toBe('ubuntu')
  })

  it('finds distroless by usr/lib/os-release, and nothing in scratch', () => {
    expect(identify({ 'usr/lib/os-release': fixture('debian-12') })?.version).toBe('12')
    expect(identify({})).toBeUndefined()
    expect(identify({ 'etc/os-release': '' })).toBeUndefined()
    expect(identify({ 'etc/debian_version': 'kali-rolling\n' })).toBeUndefined()
  })

  it('calls Alpine edge no release', () => {
    const edge = identify({
      'etc/os-release': 'ID=alpine\nVERSION_ID=3.21.0_alpha20240807\nPRETTY_NAME="Alpine Linux edge"\n',
    })!

    expect(osvEcosystems(edge)).toEqual([])
    expect(supportProduct(edge)).toBeUndefined()
  })

  it('tells CentOS Stream from CentOS Linux', () => {
    const stream: Distro = { id: 'centos', version: '9', name: 'CentOS Stream 9' }
    const linux: Distro = { id: 'centos', version: '8', name: 'CentOS Linux 8' }

    expect(supportProduct(stream)).toEqual({ product: 'centos-stream', cycle: '9' })
    expect(supportProduct(linux)).toEqual({ product: 'centos', cycle: '8' })
    expect(osvEcosystems(stream)).toEqual([])
  })

  it('reads the distribution of a package from its purl', () => {
    const target: Distro = { id: 'debian', version: '12', name: 'Debian GNU/Linux 12 (bookworm)' }
    const typeOf = ({ id }: Distro) =>
      /^(?:debian|ubuntu)$/.test(id) ? 'deb' : /^(?:alp|wolfi|chain|minimos)/.test(id) ? 'apk' : 'rpm'
    const purl = (distro: Distro) =>
      `pkg:${typeOf(distro)}/${distro.id}/x@1?distro=${encodeURIComponent(purlDistro(distro))}`

    for (const [file] of releases) {
      const distro = osRelease(file)

      expect(packageDistro(purl(distro), distro)).toBe(distro)
      expect(packageDistro(purl(distro), undefined)).toMatchObject({ id: distro.id, version: distro.version })
    }
    expect(packageDistro('pkg:deb/debian/x@1?distro=debian-11', target)).toMatchObject({ id: 'debian', version: '11' })
    expect(packageDistro('pkg:deb/debian/x@1?distro=debian-trixie', target)).toMatchObject({ codename: 'trixie' })
    expect(packageDistro('pkg:deb/debian/x@1', target)).toBe(target)
    expect(packageDistro('pkg:deb/debian/x@1?distro=bookworm', undefined)).toBeUndefined()
    expect(packageDistro('pkg:deb/x@1', undefined)).toBeUndefined()
  })

  it("asks no distribution for packages of another one's kind", () => {
    const debian: Distro = { id: 'debian', version: '12', name: 'Debian GNU/Linux 12 (bookworm)' }
    const kali: Distro = { id: 'kali', version: '2025.3', name: 'Kali GNU/Linux Rolling' }

    expect(packageDistro('pkg:apk/debian/musl@1.2.5-r0?distro=debian-12', debian)).toBeUndefined()
    expect(packageDistro('pkg:rpm/debian/bash@5.2-1?distro=debian-12', debian)).toBeUndefined()
    expect(packageDistro('pkg:deb/kali/bash@5.2-1?distro=kali-2025.3', kali)).toBe(kali)
  })

  it('holds on hostile text', () => {
    const hostile = identify({ 'etc/os-release': 'ID=constructor\nVERSION_ID=9\n' })!

    expect(osvEcosystems(hostile)).toEqual([])
    expect(supportProduct({ id: '__proto__', name: 'x' })).toBeUndefined()
    expect(osvEcosystems({ id: 'debian', version: '1e999999', name: 'x' })).toEqual([])
    fc.assert(
      fc.property(fc.constantFrom(...distroFiles), fc.string(), (path, text) => {
        const distro = identify({ [path]: text })
        if (distro === undefined) return
        expect(distro.id).toMatch(/^[a-z0-9._-]{1,64}$/)
        osvEcosystems(distro)
        supportProduct(distro)
        purlDistro(distro)
      }),
    )
  })
})
