import { describe, expect, it } from 'vitest'
import type { MatchCandidate } from '#ecosystems/types.ts'
import type { Package } from '#model/package.ts'
import { matching } from './matching.ts'

const label = (stream: string) => `nodejs:${stream}:8090020231011141426:a75119d5`

function installed(name: string, version: string, more: Partial<Package> = {}): Package {
  return {
    purl: `pkg:rpm/x/${name}`,
    type: 'rpm',
    name,
    version,
    licenses: [],
    state: 'installed',
    locations: [],
    ...more,
  }
}

function candidate(summary: string | undefined, fixed: string): MatchCandidate {
  return { advisory: 'ALSA-1', summary, range: { type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed }] } }
}

const alma8 = { id: 'almalinux', version: '8.9', name: 'AlmaLinux 8.9' }
const rocky9 = { id: 'rocky', version: '9.3', name: 'Rocky Linux 9.3' }
const openEuler = { id: 'openeuler', version: '22.03', name: 'openEuler 22.03 (LTS-SP3)' }
const leap = { id: 'opensuse-leap', version: '15.5', name: 'openSUSE Leap 15.5' }

const libs = installed('bind-libs', '32:9.16.23-1.el9', { source: { name: 'bind', version: '32:9.16.23-1.el9' } })

describe('ecosystems/rpm/matching.ts', () => {
  it.each([
    ['AlmaLinux by binary package', alma8, ['AlmaLinux:8', 'bind-libs', '32:9.16.23-1.el9']],
    ['Rocky Linux by source package', rocky9, ['Rocky Linux:9', 'bind', '32:9.16.23-1.el9']],
    ['openEuler by source package, without epoch', openEuler, ['openEuler:22.03-LTS-SP3', 'bind', '9.16.23-1.el9']],
    ['openSUSE by source package, without epoch', leap, ['openSUSE:Leap 15.5', 'bind', '9.16.23-1.el9']],
  ])('asks %s', (_, distro, [ecosystem, name, version]) => {
    const queries = matching.queries(libs, distro as typeof alma8)

    expect(queries).toEqual([{ ecosystem, name, version }])
  })

  it('asks nothing without a distribution or of one that nobody covers', () => {
    const queries = [undefined, { id: 'fedora', version: '39', name: 'Fedora 39' }].map(distro =>
      matching.queries(libs, distro),
    )

    expect(queries).toEqual([[], []])
  })

  const nodejs16 = installed('nodejs', '1:16.20.2-3.module_el8.9.0+3700+aaaaaaaa', { modularity: label('16') })
  const nodemon = installed('nodejs-nodemon', '2.0.20-3.module_el8.9.0+3700+aaaaaaaa', { modularity: label('16') })
  const unlabelled = installed('nodejs', '1:16.20.2-3.module_el8.9.0+3700+aaaaaaaa')
  const plain = installed('nodejs', '1:16.20.2-3.el8')
  const python = installed('python39-devel', '3.9.2-1.module_el8.6.0+1+a', { modularity: 'python39-devel:3.9:1:a' })
  const later = (version: string) => `1:${version}-1.module_el8.10.0+3800+bbbbbbbb`

  it.each([
    ['the same stream', nodejs16, 'Important: nodejs:16 security update', later('16.20.3'), true],
    ['another stream', nodejs16, 'Important: nodejs:18 security update', later('18.20.3'), false],
    ['another module', nodejs16, 'Moderate: python39:3.9 security update', later('18.20.3'), false],
    ['one of several streams', nodejs16, 'nodejs:14 and nodejs:16 bug fix update', later('16.20.3'), true],
    ['a part of another stream', nodemon, 'Important: nodejs:18 security update', later('3.0.1'), false],
    ['the twin of a named module', python, 'Moderate: python39:3.9 security update', later('3.9.16'), true],
    ['no stream told, same version line', nodejs16, 'Important: nodejs security update', later('16.20.3'), true],
    ['no stream told, another version line', nodejs16, 'Important: nodejs security update', later('18.20.3'), false],
    ['no stream told, a part', nodemon, 'Important: nodejs security update', later('3.0.1'), true],
    ['no summary', nodejs16, undefined, later('18.20.3'), false],
    ['no label, same stream', unlabelled, 'Important: nodejs:16 security update', later('16.20.3'), true],
    ['no label, another stream', unlabelled, 'Important: nodejs:18 security update', later('18.20.3'), false],
    ['not modular against a stream', plain, 'Important: nodejs:18 security update', later('18.20.3'), false],
    ['modular against no stream', nodejs16, 'Important: nodejs security update', '1:16.20.4-1.el8', false],
    ['not modular against no stream', plain, 'Important: nodejs:16.20.4 security update', '1:16.20.4-1.el8', true],
    ['the same sources, built again', nodejs16, 'nodejs:16 update', '1:16.20.2-3.module_el8.10.0+3800+bbbbbbbb', false],
    ['older sources, built later', nodejs16, 'nodejs:16 update', '1:16.20.2-2.module_el8.10.0+3800+bbbbbbbb', false],
    ['a later patch of the build', nodejs16, 'nodejs:16 update', '1:16.20.2-3.module_el8.9.0+3700+aaaaaaaa.1', true],
    ['Rocky spelling', nodejs16, 'Important: nodejs:16 security update', '1:16.20.3-1.module+el8.9.0+1+c', true],
    ['Rocky spelling, another stream', nodejs16, 'Important: nodejs:18 update', '1:18.2-1.module+el8.9.0+1+c', false],
  ])('decides on %s', (_, pkg, summary, fixed, expected) => {
    const applies = matching.applies!(pkg, candidate(summary, fixed))

    expect(applies).toBe(expected)
  })

  it.each([
    ['9.16.23-2.oe1', true],
    ['32:9.16.23-2.oe1', true],
    ['32:9.16.22-1.oe1', false],
    ['33:1.0-1', true],
    ['1:9.16.23-2.oe1', false],
  ])('lets the epoch of a fix count where it has one: %s', (fixed, expected) => {
    const applies = matching.applies!(libs, candidate('bind security update', fixed))

    expect(applies).toBe(expected)
  })

  it('leaves enumerated versions and open ranges alone', () => {
    const open: MatchCandidate = { advisory: 'A', range: { type: 'ECOSYSTEM', events: [{ introduced: '0' }] } }

    const answers = [{ advisory: 'A' }, open].map(each => matching.applies!(nodejs16, each))

    expect(answers).toEqual([true, true])
  })
})
