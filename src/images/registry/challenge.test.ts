import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseChallenges } from './challenge.ts'

describe('images/registry/challenge', () => {
  it.each([
    ['Basic realm="simple"', [['basic', { realm: 'simple' }]]],
    [
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:samalba/my-app:pull,push"',
      [
        [
          'bearer',
          {
            realm: 'https://auth.docker.io/token',
            service: 'registry.docker.io',
            scope: 'repository:samalba/my-app:pull,push',
          },
        ],
      ],
    ],
    // The example of RFC 7235 section 4.1.
    [
      'Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"',
      [
        ['newauth', { realm: 'apps', type: '1', title: 'Login to "apps"' }],
        ['basic', { realm: 'simple' }],
      ],
    ],
    ['BEARER Realm = "x" , ERROR=invalid_token', [['bearer', { realm: 'x', error: 'invalid_token' }]]],
    [
      'Negotiate, Basic realm=a',
      [
        ['negotiate', {}],
        ['basic', { realm: 'a' }],
      ],
    ],
    ['Basic realm="unclosed, Bearer realm="', [['basic', { realm: 'unclosed, Bearer realm=' }]]],
    ['Basic realm="a", realm="b"', [['basic', { realm: 'a' }]]],
    [', ,Basic', [['basic', {}]]],
    ['realm="nobody asked"', []],
    ['', []],
  ])('reads %s', (field, expected) => {
    const challenges = parseChallenges(field)

    expect(challenges.map(each => [each.scheme, Object.fromEntries(each.parameters)])).toEqual(expected)
  })

  it('ends on anything', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'aB=",\\ \t;/é') }), text => void parseChallenges(text)))
  })
})
