import { type HttpClient, type HttpResponse, readBody } from '#io/http.ts'
import { Failure } from '#lib/failure.ts'
import { asString, member, parseJson } from '#lib/json.ts'
import { type Challenge, parseChallenges } from './challenge.ts'
import type { Credential } from './credential.ts'

/** Answers the challenges of one registry for one repository; what it learns is sent nowhere else. */
export interface Authorizer {
  /** The `Authorization` value to send now, or undefined where nothing was asked for yet. */
  readonly header: () => string | undefined
  /** Takes up a 401; true where another attempt with the new `header` makes sense. `sent` is what was refused. */
  readonly answer: (response: HttpResponse, sent: string | undefined) => Promise<boolean>
}

/** What an authorizer works with. */
export interface AuthorizerOptions {
  readonly client: HttpClient
  /** For messages. */
  readonly host: string
  /** `https://host:port`, the only place that the header is for. */
  readonly origin: string
  readonly repository: string
  /** Asked once, and only after a challenge. */
  readonly credential: () => Promise<Credential | undefined>
  readonly now: () => number
  readonly signal?: AbortSignal
}

interface Grant {
  readonly header: string
  /** Milliseconds since the epoch; infinite for Basic. */
  readonly expires: number
}

const maxTokenAnswer = 1_048_576
/** https://distribution.github.io/distribution/spec/auth/token/: 60 seconds unless the answer says otherwise. */
const defaultLifetime = 60

/** Makes an authorizer for pulling from one repository. */
export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  let grant: Grant | undefined
  let pending: Promise<boolean> | undefined
  let credential: Promise<Credential | undefined> | undefined

  async function renew(response: HttpResponse): Promise<boolean> {
    const challenges = parseChallenges(response.headers['www-authenticate'] ?? '')
    credential ??= options.credential()
    const known = await credential
    const bearer = challenges.find(each => each.scheme === 'bearer')
    if (known?.kind === 'bearer') grant = { header: `Bearer ${known.token}`, expires: Number.POSITIVE_INFINITY }
    else if (bearer?.parameters.has('realm')) grant = await fetchToken(bearer, known, options)
    else if (challenges.some(each => each.scheme === 'basic') && known?.kind === 'password') {
      grant = { header: basic(known), expires: Number.POSITIVE_INFINITY }
    } else return false
    return true
  }

  const header = () => (grant !== undefined && grant.expires > options.now() ? grant.header : undefined)
  return {
    header,
    answer: async (response, sent) => {
      // A storage service that a redirect led to may not ask for the registry's credentials.
      if (new URL(response.url).origin !== options.origin) return false
      // Others of the same repository may have been answered while this one was under way.
      const current = header()
      if (current !== undefined && current !== sent) return true
      const before = grant?.header
      pending ??= renew(response).finally(() => {
        pending = undefined
      })
      const renewed = await pending
      return renewed && (sent === undefined || grant?.header !== before)
    },
  }
}

/** The token flow: https://distribution.github.io/distribution/spec/auth/token/ and …/auth/oauth/ */
async function fetchToken(challenge: Challenge, credential: Credential | undefined, options: AuthorizerOptions) {
  const realm = realmOf(challenge, options)
  const service = challenge.parameters.get('service')
  const scope = challenge.parameters.get('scope') ?? `repository:${options.repository}:pull`
  const signal = options.signal === undefined ? {} : { signal: options.signal }
  const time = { totalTimeout: 60_000, ...signal }
  let response: HttpResponse
  if (credential?.kind === 'identity') {
    const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'sluice', scope })
    if (service !== undefined) form.set('service', service)
    form.set('refresh_token', credential.token)
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    response = await options.client.request({
      ...{ url: realm.href, method: 'POST', body: form.toString(), headers, retries: 1 },
      ...time,
    })
  } else {
    if (service !== undefined) realm.searchParams.set('service', service)
    for (const each of scope.split(' ')) if (each !== '') realm.searchParams.append('scope', each)
    realm.searchParams.set('client_id', 'sluice')
    if (credential?.kind === 'password') realm.searchParams.set('account', credential.user)
    const headers: Record<string, string> = {}
    if (credential?.kind === 'password') headers.authorization = basic(credential)
    response = await options.client.request({ url: realm.href, headers, ...time })
  }
  if (response.status !== 200) {
    response.discard()
    throw refusedToken(response.status, realm.host, options.host, credential !== undefined)
  }
  return grantOf(await readBody(response, maxTokenAnswer), realm.host, options)
}

function realmOf(challenge: Challenge, options: AuthorizerOptions): URL {
  const text = challenge.parameters.get('realm') ?? ''
  const realm = URL.parse(text) ?? undefined
  const isAllowed = realm?.protocol === 'https:' || (realm?.protocol === 'http:' && options.origin.startsWith('http:'))
  if (realm !== undefined && isAllowed) return realm
  throw new Failure('registry/unauthorized', `${options.host} names no https:// address to get a token from`)
}

function grantOf(body: Buffer, realm: string, options: AuthorizerOptions): Grant {
  let answer: unknown
  try {
    answer = parseJson(body.toString('utf8'))
  } catch {
    answer = undefined
  }
  const token = asString(member(answer, 'token')) || asString(member(answer, 'access_token'))
  if (!token || !/^[\x21-\x7e]{1,65536}$/.test(token)) {
    throw new Failure('registry/unauthorized', `${realm} answered without a token for ${options.host}`)
  }
  const lifetime = Number(member(answer, 'expires_in'))
  const seconds = Number.isFinite(lifetime) && lifetime > 0 ? lifetime : defaultLifetime
  return { header: `Bearer ${token}`, expires: options.now() + seconds * 900 }
}

function refusedToken(status: number, realm: string, host: string, hasCredential: boolean): Failure {
  if (status === 429) {
    return new Failure('registry/rate-limited', `${realm} gives no more tokens for ${host} for now`, {
      hint: 'Wait, or log in: known users get more',
    })
  }
  const isRefused = status === 400 || status === 401 || status === 403
  if (!isRefused) return new Failure('registry/unreachable', `${realm} answered with status ${status}`)
  const what = hasCredential ? 'does not accept the credentials' : 'gives no token without credentials'
  return new Failure('registry/unauthorized', `${realm} ${what} for ${host} (status ${status})`, {
    hint: `Log in with docker login ${host}`,
  })
}

function basic(credential: { readonly user: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${credential.user}:${credential.password}`).toString('base64')}`
}
