import { Failure } from '#lib/failure.ts'

/** The name of an image in a registry, with the defaults that Docker established filled in. */
export interface Reference {
  /** As people write it: `docker.io`, `registry.example.com:5000`, `[::1]:5000`. */
  readonly registry: string
  /** `library/nginx`, `shop/web`. */
  readonly repository: string
  readonly tag?: string
  /** Wins over the tag where both are given. */
  readonly digest?: string
}

const maxName = 255
const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const hostName = /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?$/
const ipv6Host = /^\[[0-9A-Fa-f:.]{2,45}\](?::\d{1,5})?$/
const tagText = /^\w[\w.-]{0,127}$/
const digestText = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/

/**
 * Reads `[host[:port]/]path[:tag][@digest]` (https://github.com/distribution/reference). No host means Docker Hub, one
 * path component there means `library/`, neither tag nor digest means `latest`. Throws `reference/invalid`.
 */
export function parseReference(text: string): Reference {
  const at = text.indexOf('@')
  const digest = at < 0 ? undefined : text.slice(at + 1)
  const named = at < 0 ? text : text.slice(0, at)
  const slash = named.lastIndexOf('/')
  const colon = named.indexOf(':', slash + 1)
  const tag = colon < 0 ? undefined : named.slice(colon + 1)
  const name = colon < 0 ? named : named.slice(0, colon)
  const { registry, path } = splitHost(name)

  if (name === '') throw invalid(text, 'it has no name')
  if (name.length > maxName) throw invalid(text, `its name is longer than ${maxName} characters`)
  if (digest !== undefined && !digestText.test(digest)) {
    throw invalid(text, 'what follows @ is not a sha256 or sha512 digest')
  }
  if (tag !== undefined && !tagText.test(tag)) throw invalid(text, 'what follows : is not a tag')
  if (!hostName.test(registry) && !ipv6Host.test(registry)) throw invalid(text, 'its registry is not a host name')
  if (!path.split('/').every(part => component.test(part))) {
    const isCase =
      path !== path.toLowerCase() &&
      path
        .toLowerCase()
        .split('/')
        .every(part => component.test(part))
    throw invalid(
      text,
      isCase ? 'repository names are lower case' : 'its repository is not a path of a-z, 0-9 and . _ -',
    )
  }
  const repository = registry === 'docker.io' && !path.includes('/') ? `library/${path}` : path
  const defaultTag = digest === undefined ? 'latest' : undefined
  return { registry, repository, tag: tag ?? defaultTag, digest }
}

/** True where the text is a reference. */
export function isReference(text: string): boolean {
  try {
    parseReference(text)
    return true
  } catch {
    return false
  }
}

/** The reference in full: `docker.io/library/nginx:1.25`. */
export function formatReference(reference: Reference): string {
  const { registry, repository, tag, digest } = reference
  return `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`
}

function splitHost(name: string): { registry: string; path: string } {
  const slash = name.indexOf('/')
  const first = slash < 0 ? '' : name.slice(0, slash)
  // Docker also takes `Shop` in `Shop/web` for a host, on account of the capital; nobody ever meant that.
  const isHost = first === 'localhost' || /[.:[]/.test(first)
  if (!isHost) return { registry: 'docker.io', path: name }
  const registry = first.toLowerCase()
  const isHub = registry === 'index.docker.io' || registry === 'registry-1.docker.io'
  return { registry: isHub ? 'docker.io' : registry, path: name.slice(slash + 1) }
}

function invalid(text: string, why: string): Failure {
  const shown = text.length > 300 ? `${text.slice(0, 300)}…` : text
  return new Failure('reference/invalid', `"${shown}" is not an image reference: ${why}`, {
    hint: 'Write [host[:port]/]repository[:tag][@sha256:…], such as registry.example.com/shop/web:1.4',
  })
}
