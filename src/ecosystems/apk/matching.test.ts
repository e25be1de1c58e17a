import { describe, expect, it } from 'vitest'
import type { Distro } from '#model/distro.ts'
import type { Package } from '#model/package.ts'
import { matching } from './matching.ts'

const purl = 'pkg:apk/alpine/libcrypto3@3.3.2-r0?arch=x86_64&distro=alpine-3.20.3&upstream=openssl'

const pkg: Package = {
  purl,
  type: 'apk',
  name: 'libcrypto3',
  version: '3.3.2-r0',
  source: { name: 'openssl', version: '3.3.2-r0' },
  licenses: [],
  state: 'installed',
  locations: [],
}

describe('ecosystems/apk/matching', () => {
  it('asks for the origin in the release', () => {
    const distro: Distro = { id: 'alpine', version: '3.20.3', name: 'Alpine Linux v3.20' }

    expect(matching.queries(pkg, distro)).toEqual([{ ecosystem: 'Alpine:v3.20', name: 'openssl', version: '3.3.2-r0' }])
  })

  it('asks Wolfi and Chainguard without a release', () => {
    const ecosystem = (id: string) =>
      matching.queries({ ...pkg, purl: `pkg:apk/${id}/libcrypto3@3.3.2-r0?distro=${id}-20230201` }, undefined)[0]
        ?.ecosystem

    expect(ecosystem('wolfi')).toBe('Wolfi')
    expect(ecosystem('chainguard')).toBe('Chainguard')
  })

  it('asks nothing of edge or of no distribution', () => {
    const edge: Distro = { id: 'alpine', version: '3.21.0_alpha20240807', name: 'Alpine Linux edge' }
    const bare = { ...pkg, purl: 'pkg:apk/libcrypto3@3.3.2-r0' }

    expect(matching.queries(bare, edge)).toEqual([])
    expect(matching.queries(bare, undefined)).toEqual([])
  })
})
