import { BlockList, isIP } from 'node:net'
import { Failure } from '#lib/failure.ts'
import { bareHost, reachOf } from './http-guard.ts'
import type { HttpProxies } from './http-message.ts'

/** The proxies that an environment names; lower-case names win, as in curl and Go. */
export function proxiesFromEnvironment(environment: Readonly<Record<string, string | undefined>>): HttpProxies {
  const read = (name: string) => environment[name.toLowerCase()] || environment[name] || undefined
  const all = read('ALL_PROXY')
  return { http: read('HTTP_PROXY') ?? all, https: read('HTTPS_PROXY') ?? all, no: read('NO_PROXY') }
}

/**
 * The proxy for a URL, or undefined where it is reached directly. Loopback hosts never go through one.
 * Throws `http/proxy` where the setting is no `http:` or `https:` URL; its text is not repeated, it may hold a password.
 */
export function proxyFor(url: URL, proxies: HttpProxies | undefined): URL | undefined {
  const setting = url.protocol === 'https:' ? proxies?.https : proxies?.http
  if (setting === undefined || setting === '') return undefined
  const host = bareHost(url.hostname)
  if (host === 'localhost' || host.endsWith('.localhost')) return undefined
  if (isIP(host) !== 0 && reachOf(host) === 'loopback') return undefined
  if (isExcepted(host, url.port === '' ? defaultPort(url) : url.port, proxies?.no ?? '')) return undefined
  const text = setting.includes('://') ? setting : `http://${setting}`
  const proxy = URL.parse(text) ?? undefined
  if (proxy?.protocol !== 'http:' && proxy?.protocol !== 'https:') {
    throw new Failure('http/proxy', `The proxy for ${url.protocol}// addresses is not an http:// or https:// URL`, {
      hint: 'Check HTTP_PROXY and HTTPS_PROXY; SOCKS proxies are not supported',
    })
  }
  return proxy
}

/** The `Proxy-Authorization` value for a proxy URL with a user name, else undefined. */
export function proxyAuthorization(proxy: URL): string | undefined {
  if (proxy.username === '') return undefined
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}

/** The port that a URL without one means. */
export function defaultPort(url: URL): string {
  return url.protocol === 'https:' ? '443' : '80'
}

/** `NO_PROXY`: `*`, names (with their subdomains), `.suffix`, addresses, CIDR blocks, each with an optional port. */
function isExcepted(host: string, port: string, list: string): boolean {
  for (const raw of list.split(/[\s,]+/)) {
    const item = raw.toLowerCase()
    if (item === '') continue
    if (item === '*') return true
    if (item.includes('/')) {
      if (inBlock(host, item)) return true
      continue
    }
    const { name, port: wanted } = splitPort(item)
    if (wanted !== undefined && wanted !== port) continue
    const suffix = name.startsWith('*.') ? name.slice(1) : name.startsWith('.') ? name : `.${name}`
    if (host === name || host.endsWith(suffix)) return true
  }
  return false
}

function splitPort(item: string): { name: string; port?: string } {
  if (isIP(item) === 6) return { name: item }
  const colon = item.lastIndexOf(':')
  if (colon < 0 || item.endsWith(']')) return { name: bareHost(item) }
  return { name: bareHost(item.slice(0, colon)), port: item.slice(colon + 1) }
}

function inBlock(host: string, block: string): boolean {
  const [address = '', bits = ''] = block.split('/')
  const family = isIP(address)
  const length = Number(bits)
  if (family === 0 || isIP(host) !== family || !Number.isInteger(length) || length < 0) return false
  if (length > (family === 6 ? 128 : 32)) return false
  const list = new BlockList()
  const name = family === 6 ? 'ipv6' : 'ipv4'
  list.addSubnet(address, length, name)
  return list.check(host, name)
}
