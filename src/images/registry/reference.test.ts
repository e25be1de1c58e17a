import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Failure } from '#lib/failure.ts'
import { formatReference, isReference, parseReference } from './reference.ts'

const hex = 'a'.repeat(64)

// Names and what they mean are those of https://github.com/distribution/reference (reference_test.go, normalize_test.go).
describe('images/registry/reference', () => {
  it.each([
    ['nginx', 'docker.io/library/nginx:latest'],
    ['nginx:1.25', 'docker.io/library/nginx:1.25'],
    ['corpus/node-shop:1', 'docker.io/corpus/node-shop:1'],
    ['docker.io/nginx', 'docker.io/library/nginx:latest'],
    ['index.docker.io/library/nginx', 'docker.io/library/nginx:latest'],
    ['registry-1.docker.io/a/b', 'docker.io/a/b:latest'],
    ['localhost/app', 'localhost/app:latest'],
    ['localhost:5000/app:2', 'localhost:5000/app:2'],
    ['test.com:8080/repo', 'test.com:8080/repo:latest'],
    ['test:5000/repo', 'test:5000/repo:latest'],
    ['test:5000/repo:tag', 'test:5000/repo:tag'],
    [`test:5000/repo@sha256:${hex}`, `test:5000/repo@sha256:${hex}`],
    [`test:5000/repo:tag@sha256:${hex}`, `test:5000/repo:tag@sha256:${hex}`],
    ['Registry.Example.com/a/b/c', 'registry.example.com/a/b/c:latest'],
    ['[::1]:5000/repo', '[::1]:5000/repo:latest'],
    ['[2001:db8::1]/repo:3', '[2001:db8::1]/repo:3'],
    ['192.168.1.1/repo', '192.168.1.1/repo:latest'],
    ['a/b/c/d_e__f.g-h--i', 'docker.io/a/b/c/d_e__f.g-h--i:latest'],
    ['xn--n3h.com/myimage:xn--n3h.com', 'xn--n3h.com/myimage:xn--n3h.com'],
    ['foo_bar.com:8080', 'docker.io/library/foo_bar.com:8080'],
    ['foo.com', 'docker.io/library/foo.com:latest'],
    ['foo:5000', 'docker.io/library/foo:5000'],
  ])('reads %s as %s', (text, full) => {
    expect(formatReference(parseReference(text))).toBe(full)
  })

  it.each([
    ['', 'it has no name'],
    [':tag', 'it has no name'],
    [`@sha256:${hex}`, 'it has no name'],
    ['repo@sha256:short', 'digest'],
    ['repo@md5:d41d8cd98f00b204e9800998ecf8427e', 'digest'],
    ['Uppercase:tag', 'lower case'],
    ['docker.io/Shop/web', 'lower case'],
    ['Shop/web', 'lower case'],
    ['test.com/repo:-tag', 'tag'],
    [`repo:${'t'.repeat(129)}`, 'tag'],
    ['a//b', 'path'],
    ['/a', 'path'],
    ['a/', 'path'],
    ['a/../b', 'path'],
    ['a/b c', 'path'],
    ['-foo/bar.x', 'path'],
    ['foo___bar', 'path'],
    ['host:99999999/x', 'host name'],
    ['http://example.com/x', 'host name'],
    ['user@host.example/x', 'digest'],
    [`${'a/'.repeat(127)}ab`, 'longer than 255'],
    ['host.example?/x', 'host name'],
    ['host.example#/x', 'host name'],
  ])('refuses %s', (text, why) => {
    expect(() => parseReference(text)).toThrow(why)
    expect(isReference(text)).toBe(false)
  })

  it('reads back what it wrote and throws nothing but reference/invalid', () => {
    const near = fc.stringMatching(/^[a-zA-Z0-9./:@_[\]-]{0,60}$/)
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), text => {
        try {
          const reference = parseReference(text)
          expect(parseReference(formatReference(reference))).toEqual(reference)
        } catch (error) {
          expect(error).toBeInstanceOf(Failure)
          expect((error as Failure).code).toBe('reference/invalid')
        }
      }),
      { numRuns: 2000 },
    )
  })
})
