import { matchesGlob } from '#lib/glob.ts'
import type { Target } from '#model/target.ts'
import type { Policy, Selector } from './types.ts'

/** True where the policy's scope covers the target: it is not excluded, and included or nothing is. */
export function coversTarget(policy: Policy, target: Target): boolean {
  const { include, exclude } = policy.scope
  if (exclude.some(selector => selects(selector, target))) return false
  return include.length === 0 || include.some(selector => selects(selector, target))
}

/** The repositories that the names of an image stand for, each as written and in Docker's long form. */
export function repositoriesOf(target: Target): readonly string[] {
  const names = target.image?.tags ?? []
  return [...new Set(names.map(repositoryOf).flatMap(name => [name, longForm(name)]))]
}

/** The name without tag and digest. */
export function repositoryOf(reference: string): string {
  const name = reference.split('@')[0] ?? ''
  const colon = name.lastIndexOf(':')
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name
}

/** `nginx` is `docker.io/library/nginx` to a registry; policies may use either. */
function longForm(name: string): string {
  const slash = name.indexOf('/')
  if (slash < 0) return `docker.io/library/${name}`
  const host = name.slice(0, slash)
  return host.includes('.') || host.includes(':') || host === 'localhost' ? name : `docker.io/${name}`
}

function selects(selector: Selector, target: Target): boolean {
  const { repository, label, path } = selector
  if (repository !== undefined && !repositoriesOf(target).some(name => matchesGlob(repository, name))) return false
  if (label !== undefined && !hasLabel(label, target)) return false
  if (path !== undefined && (target.kind === 'image' || !matchesGlob(path, target.name))) return false
  return true
}

function hasLabel(label: string, target: Target): boolean {
  const labels = target.image?.labels ?? {}
  const equals = label.indexOf('=')
  const key = equals < 0 ? label : label.slice(0, equals)
  if (!Object.hasOwn(labels, key)) return false
  return equals < 0 || matchesGlob(label.slice(equals + 1), labels[key] ?? '')
}
