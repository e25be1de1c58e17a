import { describe, expect, it } from 'vitest'
import type { Target } from '#model/target.ts'
import { subject } from './fixtures/subject.ts'
import { parsePolicy } from './parse.ts'
import { coversTarget, repositoryOf } from './scope.ts'

const image = subject([]).target
const directory: Target = { scheme: 'dir', name: 'services/web', kind: 'directory' }

const policyOf = (scope: object) =>
  parsePolicy(
    JSON.stringify({ apiVersion: 'sluice/v1', kind: 'Policy', metadata: { name: 'p', version: 1 }, scope }),
    'p',
  )

describe('policy/scope', () => {
  it.each([
    [{}, image, true],
    [{ include: [{ repository: 'registry.example.com/payments/*' }] }, image, true],
    [{ include: [{ repository: 'registry.example.com/*' }] }, image, false],
    [{ include: [{ label: 'team=payments' }] }, image, true],
    [{ include: [{ label: 'team=pay*' }] }, image, true],
    [{ include: [{ label: 'team' }] }, image, true],
    [{ include: [{ label: 'toString' }] }, image, false],
    [{ include: [{ label: 'team=search' }, { repository: '**' }] }, image, true],
    [{ include: [{ label: 'team=search', repository: '**' }] }, image, false],
    [{ exclude: [{ label: 'team=payments' }] }, image, false],
    [{ include: [{ repository: '**' }], exclude: [{ repository: '**/web' }] }, image, false],
    [{ include: [{ path: 'services/*' }] }, directory, true],
    [{ include: [{ path: 'services/*' }] }, image, false],
    [{ include: [{ repository: '**' }] }, directory, false],
  ])('with %o covers %o: %s', (scope, target, covered) => {
    expect(coversTarget(policyOf(scope), target)).toBe(covered)
  })

  it('knows images of Docker Hub by their long name too', () => {
    const nginx: Target = { ...image, image: { ...image.image!, tags: ['nginx:1'] } }

    expect(coversTarget(policyOf({ include: [{ repository: 'docker.io/library/nginx' }] }), nginx)).toBe(true)
    expect(coversTarget(policyOf({ include: [{ repository: 'nginx' }] }), nginx)).toBe(true)
  })

  it.each([
    ['nginx', 'nginx'],
    ['nginx:1.27', 'nginx'],
    ['localhost:5000/a/b', 'localhost:5000/a/b'],
    ['localhost:5000/a/b:1@sha256:00', 'localhost:5000/a/b'],
  ])('takes tag and digest off %s', (reference, repository) => {
    expect(repositoryOf(reference)).toBe(repository)
  })
})
