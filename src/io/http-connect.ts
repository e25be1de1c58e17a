import { type LookupAddress, lookup as lookUp } from 'node:dns'
import type { Agent, RequestOptions } from 'node:http'
import { isIP, type LookupFunction, type Socket } from 'node:net'
import { Failure } from '#lib/failure.ts'
import { assertReach, bareHost, deepest, type Reach, reachOf } from './http-guard.ts'
import type { HttpSettings } from './http-message.ts'
import { defaultPort, proxyAuthorization, proxyFor } from './http-proxy.ts'

/** How connections are made: directly or through a proxy, and never further inside than the named hosts are. */
export interface Connector {
  /** Options of `http.request` (agent, address, path, proxy headers) for a URL. Throws `Failure` where it may not be reached. */
  readonly optionsFor: (url: URL, socketPath: string | undefined) => Promise<RequestOptions>
  readonly close: () => void
}

/** Makes a connector; its agents keep connections alive until `close`. */
export function createConnector(settings: HttpSettings): Connector {
  const agents = new Map<string, Agent>()
  let allowed: Promise<Reach> | undefined

  async function agentFor(protocol: string, proxy: URL | undefined): Promise<Agent> {
    const key = `${protocol}${proxy?.href ?? ''}`
    const known = agents.get(key)
    if (known !== undefined) return known
    const agent = await createAgent(protocol, proxy, settings)
    const raced = agents.get(key)
    if (raced !== undefined) return raced
    agents.set(key, agent)
    return agent
  }

  async function optionsFor(url: URL, socketPath: string | undefined): Promise<RequestOptions> {
    const path = `${url.pathname}${url.search}`
    if (socketPath !== undefined) return { agent: await agentFor('http:', undefined), socketPath, path }
    const host = bareHost(url.hostname)
    const port = url.port === '' ? defaultPort(url) : url.port
    const proxy = proxyFor(url, settings.proxies)
    const lookup = await guard(host, proxy !== undefined)
    if (proxy !== undefined && url.protocol === 'http:') {
      const authorization = proxyAuthorization(proxy)
      const headers = authorization === undefined ? {} : { 'proxy-authorization': authorization }
      const proxyPort = proxy.port === '' ? defaultPort(proxy) : proxy.port
      const agent = await agentFor(proxy.protocol, undefined)
      return {
        agent,
        protocol: proxy.protocol,
        host: bareHost(proxy.hostname),
        port: proxyPort,
        path: url.href,
        headers,
      }
    }
    const agent = await agentFor(url.protocol, proxy)
    return { agent, protocol: url.protocol, host, port, path, ...(lookup === undefined ? {} : { lookup }) }
  }

  /** Checks a host that nobody named; returns the look-up that holds the connection to the addresses it checked. */
  async function guard(host: string, proxied: boolean): Promise<LookupFunction | undefined> {
    const named = settings.namedHosts
    if (named === undefined || named.some(name => bareHost(name) === host)) return undefined
    allowed ??= settings.othersReach === undefined ? reachOfHosts(named) : Promise.resolve(settings.othersReach)
    const limit = await allowed
    if (isIP(host) !== 0) assertReach(host, reachOf(host), limit)
    // The proxy resolves names, maybe ones that only it knows; what resolves here is checked here.
    else if (proxied) assertReach(host, await reachOfHosts([host]), limit)
    return guardedLookup(limit)
  }

  return {
    optionsFor,
    close: () => {
      for (const agent of agents.values()) agent.destroy()
      agents.clear()
    },
  }
}

async function reachOfHosts(hosts: readonly string[]): Promise<Reach> {
  const reaches = await Promise.all(hosts.map(host => reachOfHost(bareHost(host))))
  return deepest(reaches)
}

function reachOfHost(host: string): Promise<Reach> {
  if (isIP(host) !== 0) return Promise.resolve(reachOf(host))
  return new Promise(resolve => {
    lookUp(host, { all: true }, (error, addresses) =>
      resolve(error === null ? deepest(addresses.map(each => reachOf(each.address))) : 'public'),
    )
  })
}

/** A look-up that refuses where any address lies too deep: what was checked is what is connected to. */
function guardedLookup(limit: Reach): LookupFunction {
  return (hostname, options, callback) => {
    lookUp(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error !== null) return callback(error, [])
      try {
        assertReach(hostname, deepest(addresses.map(each => reachOf(each.address))), limit)
      } catch (refusal) {
        return callback(refusal as Error, [])
      }
      const first = addresses[0]
      if (options.all === true) callback(null, addresses)
      else callback(null, first?.address ?? '', first?.family)
    })
  }
}

async function createAgent(protocol: string, proxy: URL | undefined, settings: HttpSettings): Promise<Agent> {
  if (protocol === 'http:') {
    const { Agent } = await import('node:http')
    return new Agent({ keepAlive: true })
  }
  const [{ Agent }, tls] = await Promise.all([import('node:https'), import('node:tls')])
  const extra = settings.certificateAuthorities ?? []
  const authorities = extra.length === 0 ? {} : { ca: [...tls.rootCertificates, ...extra] }
  const trust = { ...authorities, ...settings.identity }
  const agent = new Agent({ keepAlive: true, ...trust })
  if (proxy === undefined) return agent
  return Object.assign(agent, {
    createConnection: (
      options: { host?: string; port?: number | string },
      done: (error: Error | null, socket?: Socket) => void,
    ) => {
      openTunnel(proxy, `${options.host ?? ''}`, `${options.port ?? 443}`, settings).then(
        socket => done(null, tls.connect({ ...options, ...trust, socket } as never)),
        (error: Error) => done(error),
      )
    },
  })
}

/** A tunnel through a proxy (RFC 9110 section 9.3.6): from then on its bytes are the other server's. */
async function openTunnel(proxy: URL, host: string, port: string, settings: HttpSettings): Promise<Socket> {
  const { request } = proxy.protocol === 'https:' ? await import('node:https') : await import('node:http')
  const target = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`
  const authorization = proxyAuthorization(proxy)
  return new Promise((resolve, reject) => {
    const fail = (detail: string, cause?: unknown) =>
      reject(new Failure('http/proxy', `The proxy ${proxy.host} ${detail}`, { cause }))
    const message = request({
      method: 'CONNECT',
      host: bareHost(proxy.hostname),
      port: proxy.port === '' ? defaultPort(proxy) : proxy.port,
      path: target,
      agent: false,
      headers: { host: target, ...(authorization === undefined ? {} : { 'proxy-authorization': authorization }) },
      timeout: settings.connectTimeout ?? 15_000,
    })
    message.on('timeout', () => message.destroy(new Error('no answer in time')))
    message.on('error', error => fail('could not be reached', error))
    message.on('response', response => {
      response.destroy()
      fail(`refused to connect to ${target} (status ${response.statusCode})`)
    })
    message.on('connect', (response, socket: Socket, head: Buffer) => {
      socket.setTimeout(0)
      if (head.length > 0) socket.unshift(head)
      if (response.statusCode === 200) return resolve(socket)
      socket.destroy()
      fail(`refused to connect to ${target} (status ${response.statusCode})`)
    })
    message.end()
  })
}
