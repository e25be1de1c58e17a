import { describe, expect, it } from 'vitest'
import { endpointsOf, parseMirrors } from './endpoint.ts'
import { parseReference } from './reference.ts'

describe('images/registry/endpoint', () => {
  const none = { mirrors: new Map<string, readonly string[]>(), insecure: [] }
  const only = (name: string, insecure: readonly string[] = []) =>
    endpointsOf(parseReference(name), { ...none, insecure })[0]

  it('knows where Docker Hub lives', () => {
    expect(only('nginx')).toEqual({
      host: 'docker.io',
      address: 'registry-1.docker.io',
      repository: 'library/nginx',
      insecure: false,
    })
  })

  it.each([
    ['localhost/x', true],
    ['localhost:5000/x', true],
    ['127.0.0.1:5000/x', true],
    ['127.9.9.9/x', true],
    ['[::1]:5000/x', true],
    ['localhost.example/x', false],
    ['127.0.0.1.example/x', false],
    ['10.0.0.1:5000/x', false],
    ['registry.example/x', false],
  ])('takes plain HTTP of this machine only: %s', (name, insecure) => {
    expect(only(name)?.insecure).toBe(insecure)
  })

  it('takes plain HTTP of the hosts that were named, with their port', () => {
    expect(only('registry.example:5000/x', ['registry.example:5000'])?.insecure).toBe(true)
    expect(only('registry.example/x', ['registry.example:5000'])?.insecure).toBe(false)
  })

  it('asks mirrors first, in their order', () => {
    const mirrors = parseMirrors('docker.io=a.example:5000, docker.io=http://b.example/hub/ quay.io=c.example')

    const endpoints = endpointsOf(parseReference('nginx'), { ...none, mirrors })

    expect(endpoints.map(({ host, repository, insecure }) => [host, repository, insecure])).toEqual([
      ['a.example:5000', 'library/nginx', false],
      ['b.example', 'hub/library/nginx', true],
      ['docker.io', 'library/nginx', false],
    ])
  })

  it.each(['a b', 'user@host', 'host/../x', 'https://', 'host:port', 'host?x', ''])(
    'refuses the mirror "%s"',
    mirror => {
      const mirrors = new Map([['docker.io', [mirror]]])

      expect(() => endpointsOf(parseReference('nginx'), { ...none, mirrors })).toThrow('A mirror of docker.io')
    },
  )

  it.each([undefined, '', ',,', '=x', 'x'])('reads no mirrors in %s', text => {
    expect(parseMirrors(text).size).toBe(0)
  })
})
