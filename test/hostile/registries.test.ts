import type { Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openCage } from './cage.ts'
import { digestOf, layerOf, mediaTypes, startRegistryServer } from './registry-server.ts'
import { type Answer, drip, pour } from './servers.ts'

const cage = openCage('registries')
type Registry = Awaited<ReturnType<typeof startRegistryServer>>

let registry: Registry
beforeAll(async () => {
  registry = await startRegistryServer()
})
beforeEach(() => registry.answers.clear())
afterAll(async () => {
  await registry.close()
  cage.close()
})

/** Runs `sbom` on an image; without `environment`, with no credentials. */
async function list(more: readonly string[] = [], environment: Readonly<Record<string, string>> = {}, target?: string) {
  const none = { DOCKER_CONFIG: join(cage.secret, '../none'), REGISTRY_AUTH_FILE: '', DOCKER_AUTH_CONFIG: '' }
  const words = ['sbom', target ?? registry.target, '-q', '-o', 'json', ...more]
  const { code, stdout, stderr } = await cage.probe(words, {
    environment: { ...none, XDG_RUNTIME_DIR: '', ...environment },
  })
  if (code === 2) return { code, stderr, names: [], problems: [] }
  const { packages, problems } = JSON.parse(stdout)
  const names: string[] = packages.map((item: { name: string }) => item.name)
  return {
    code,
    stderr,
    names,
    problems: problems.map((one: { code: string; detail: string }) => `${one.code}: ${one.detail}`),
  }
}

const soon = ['--limit', 'target-seconds=3']
const status =
  (code: number, headers: Readonly<Record<string, string>> = {}, body: Buffer | string = ''): Answer =>
  (_request, response) =>
    response.writeHead(code, headers).end(body)
const send = (bytes: Buffer, headers: Readonly<Record<string, string | number>> = {}): Answer =>
  status(200, headers as never, bytes)
const endless: Answer = (_request, response) => pour(response.writeHead(200))
const gigabyte: Answer = (_request, response) => pour(response.writeHead(200, { 'content-length': 10 ** 9 }))
const silent: Answer = () => undefined
const dripping: Answer = (_request, response) => drip(response.writeHead(200, { 'content-length': 10 ** 6 }), '{"a":1}')
const raw =
  (act: (socket: Socket) => void): Answer =>
  request =>
    act(request.socket)
const bytesOf = (text: string): Answer => raw(socket => socket.end(text))
const longer =
  (bytes: Buffer): Answer =>
  (_request, response) => {
    response.writeHead(200, { 'content-length': bytes.length + 5000 })
    response.write(bytes, () => setTimeout(() => response.destroy(), 20))
  }

describe('a registry that sends something else', () => {
  const other = () => layerOf('other').stored
  const document = (value: object) => Buffer.from(JSON.stringify(value))

  it('is read where it does not', async () => {
    expect(await list()).toMatchObject({ code: 0, names: ['seen'], problems: [] })
  })

  it.each<readonly [string, (paths: Registry['paths']) => string, () => Answer, RegExp, readonly string[]]>([
    [
      'another manifest for a digest that it claims',
      p => p.manifest,
      () => status(200, { 'docker-content-digest': digestOf(other()) }, document(registry.content)),
      /not the one that it claims/,
      [],
    ],
    ['a manifest that is no JSON', p => p.manifest, () => send(Buffer.from('{')), /no JSON|not/, []],
    ['a manifest of a gigabyte', p => p.manifest, () => gigabyte, /longer than/, []],
    ['a manifest without end', p => p.manifest, () => endless, /longer than/, []],
    ['a manifest nested without end', p => p.manifest, () => send(Buffer.from('['.repeat(4_000_000))), /JSON/, []],
    [
      'a manifest of millions of nothings',
      p => p.manifest,
      () => send(Buffer.from(`{"layers":[${'{},'.repeat(1_390_000)}{}]}`)),
      /manifest/,
      [],
    ],
    [
      'a manifest with __proto__',
      p => p.manifest,
      () => send(Buffer.from('{"__proto__":{"config":{}},"constructor":{"prototype":{"layers":[]}}}')),
      /names no configuration/,
      [],
    ],
    ['a manifest a byte at a time', p => p.manifest, () => dripping, /in time/, soon],
    ['no manifest at all', p => p.manifest, () => silent, /in time/, soon],
    ['a manifest shorter than it says', p => p.manifest, () => longer(Buffer.from('{')), /broke/, []],
    [
      'twenty thousand platforms that are not there',
      p => p.manifest,
      () =>
        send(
          document({
            schemaVersion: 2,
            mediaType: mediaTypes.index,
            manifests: Array.from({ length: 20_000 }, (_, at) => ({
              digest: digestOf(Buffer.from(`${at}`)),
              mediaType: mediaTypes.manifest,
              size: 1,
            })),
          }),
        ),
      /too many|does not have/,
      [],
    ],
    [
      "another image's configuration",
      p => p.config,
      () => send(document({ os: 'linux' })),
      /configuration .* not the image's/,
      [],
    ],
    ['a configuration without end', p => p.config, () => endless, /longer than/, []],
    ['a configuration a byte at a time', p => p.config, () => dripping, /in time/, soon],
    [
      '429, and to come back in 50 seconds',
      p => p.manifest,
      () => status(429, { 'retry-after': '50' }),
      /in time/,
      soon,
    ],
    [
      '429, and to come back in a thousand years',
      p => p.manifest,
      () => status(429, { 'retry-after': '31536000000' }),
      /allows no more requests/,
      [],
    ],
    ['503 for ever', p => p.manifest, () => status(503), /in time/, soon],
    [
      'words of its own',
      p => p.manifest,
      () => status(403, {}, '{"errors":[{"code":"DENIED","message":"\\u001b[2J"},{"code":"\\u001b[31m"}]}'),
      /status 403, DENIED\)/,
      [],
    ],
    [
      'a redirect to itself',
      p => p.manifest,
      () => status(302, { location: registry.paths.manifest }),
      /more than 10 times/,
      [],
    ],
    [
      'a redirect to cloud metadata',
      p => p.manifest,
      () => status(302, { location: 'http://169.254.169.254/latest/' }),
      /Refused/,
      [],
    ],
    ['a blob from cloud metadata', p => p.config, () => status(307, { location: 'http://[fe80::1]/' }), /Refused/, []],
    ['a blob from nowhere', p => p.config, () => status(307, { location: 'http://0.0.0.0/' }), /Refused/, []],
    ['a blob from a file', p => p.config, () => status(307, { location: 'file:///etc/passwd' }), /file: address/, []],
  ])('ends with a reason: %s', async (_title, path, answer, said, more) => {
    registry.answers.set(path(registry.paths), answer())

    const ended = await list(more)

    expect(ended.stderr).toMatch(said)
    expect(ended).toMatchObject({ code: 2, names: [] })
  })

  it.each<readonly [string, () => Answer, RegExp, readonly string[]]>([
    ["another image's layer", () => send(other()), /digest-mismatch/, []],
    ['half a layer', () => send(layerOf('seen').stored.subarray(0, 60)), /truncated|digest-mismatch|unreadable/, []],
    [
      'a layer with more behind it',
      () => send(Buffer.concat([layerOf('seen').stored, Buffer.alloc(100_000, 1)])),
      /digest-mismatch|unreadable/,
      [],
    ],
    ['a layer without end', () => endless, /unreadable|digest-mismatch/, []],
    ['a layer a byte at a time', () => dripping, /target-seconds=3/, soon],
    ['no byte of a layer', () => silent, /target-seconds=3/, soon],
    ['a layer that is gone', () => status(404), /does not have/, []],
    ['a layer, later', () => status(429, { 'retry-after': '40' }), /target-seconds=3/, soon],
  ])('has a problem: %s', async (_title, answer, problem, more) => {
    registry.answers.set(registry.paths.layer, answer())

    const ended = await list(more)

    expect(ended.problems.join('\n')).toMatch(problem)
  })

  it('is not asked for more layers than the limit', async () => {
    const layers = Array(5000).fill(registry.content.layers[0])
    registry.answers.set(registry.paths.manifest, send(document({ ...registry.content, layers })))
    registry.seen.length = 0

    const ended = await list(['--limit', 'target-layers=20'])

    expect(ended.code === 2 ? ended.stderr : ended.problems.join()).toMatch(/layers/)
    expect(registry.seen.length).toBeLessThan(100)
  })

  it('does not fill the memory with a configuration', async () => {
    const config = registry.put(mediaTypes.config, Buffer.from(`{"history":[${'{},'.repeat(1_390_000)}{}]}`))
    registry.answers.set(registry.paths.manifest, send(document({ ...registry.content, config })))

    const ended = await list()

    expect(ended.code === 2 ? ended.stderr : ended.problems.join()).toMatch(/./)
  })

  it('is given up where a layer always breaks', async () => {
    registry.answers.set(registry.paths.layer, longer(layerOf('seen').stored))

    const ended = await list(soon)

    expect(ended.code === 2 ? ended.stderr : ended.problems.join()).toMatch(/broke|target-seconds=3/)
  })

  it('does not follow an index that holds itself, or others without end', async () => {
    const self = document({
      schemaVersion: 2,
      mediaType: mediaTypes.index,
      manifests: [{ mediaType: mediaTypes.index, digest: digestOf(other()), size: 1 }],
    })
    registry.answers.set(registry.paths.manifest, send(self))
    registry.answers.set(`/v2/shop/web/manifests/${digestOf(other())}`, send(self))
    const loop = await list()
    let inner = registry.put(mediaTypes.manifest, registry.content)
    for (let depth = 0; depth < 30; depth++) {
      inner = registry.put(mediaTypes.index, {
        schemaVersion: 2,
        mediaType: mediaTypes.index,
        manifests: [inner],
        annotations: { depth: `${depth}` },
      })
    }
    registry.answers.clear()
    const deep = await list([], {}, `registry:${registry.host}/shop/web@${inner.digest}`)

    expect(loop).toMatchObject({ code: 2 })
    expect(loop.stderr).toMatch(/not the one that was asked for/)
    expect(deep).toMatchObject({ code: 2 })
    expect(deep.stderr).toMatch(/too many indexes/)
  })
})

describe('a registry that does not speak HTTP as it should', () => {
  const manifest = () => JSON.stringify(registry.content)
  const head = (...fields: readonly string[]) =>
    ['HTTP/1.1 200 OK', `Content-Type: ${mediaTypes.manifest}`, ...fields, '', ''].join('\r\n')
  const length = () => `Content-Length: ${manifest().length}`

  it.each<readonly [string, () => string]>([
    ['two lengths', () => `${head(length(), 'Content-Length: 5')}${manifest()}`],
    ['two lengths in one', () => `${head(`${length()}, 5`)}${manifest()}`],
    ['a length and chunks', () => `${head(length(), 'Transfer-Encoding: chunked')}0\r\n\r\n`],
    ['a negative length', () => `${head('Content-Length: -5')}${manifest()}`],
    ['a length above all numbers', () => `${head(`Content-Length: ${'9'.repeat(40)}`)}${manifest()}`],
    ['a chunk size that is none', () => `${head('Transfer-Encoding: chunked')}zz\r\n${manifest()}\r\n0\r\n\r\n`],
    ['a chunk of 2^64 bytes', () => `${head('Transfer-Encoding: chunked')}FFFFFFFFFFFFFFFFF\r\n${manifest()}`],
    ['a chunk that is shorter than it says', () => `${head('Transfer-Encoding: chunked')}FFFF\r\n${manifest()}`],
    [
      'a chunk with a gigantic extension',
      () => `${head('Transfer-Encoding: chunked')}5;${'x'.repeat(200_000)}\r\nhello\r\n0\r\n\r\n`,
    ],
    [
      'gigantic trailers',
      () => `${head('Transfer-Encoding: chunked')}2\r\n{}\r\n0\r\nx: ${'x'.repeat(200_000)}\r\n\r\n`,
    ],
    ['a gigantic header', () => `${head(`x: ${'x'.repeat(2_000_000)}`, length())}${manifest()}`],
    ['NUL in a header', () => `${head('x: a\0b', length())}${manifest()}`],
    ['a blank before the colon', () => `${head('Content-Length : 5', length())}${manifest()}`],
    ['a version that is none', () => `HTTP/9.9 200 OK\r\n${length()}\r\n\r\n${manifest()}`],
    ['a status of four digits', () => `HTTP/1.1 2000 OK\r\n${length()}\r\n\r\n${manifest()}`],
    ['no status', () => manifest()],
    ['nothing', () => ''],
    [
      'another protocol',
      () => 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\nPRI * HTTP/2.0',
    ],
    ['SSH', () => 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['control characters', () => 'HTTP/1.1 500 \u001b[31mred\u001b[0m\r\nx: \u001b[2J\r\nContent-Length: 0\r\n\r\n'],
    ['a media type to be shown', () => `HTTP/1.1 200 OK\r\nContent-Type: \u001b[31m\r\nContent-Length: 2\r\n\r\n{}`],
  ])('ends with a reason: %s', async (_title, answer) => {
    registry.answers.set(registry.paths.manifest, bytesOf(answer()))

    const ended = await list(soon)

    expect(ended).toMatchObject({ code: 2, names: [] })
    expect(ended.stderr).toMatch(/^sluice: .{10}/)
  })

  it.each<readonly [string, () => string]>([
    ['a header over several lines', () => `${head('x: a\r\n b', length())}${manifest()}`],
    [
      'an answer that nobody asked for',
      () => `${head(length())}${manifest()}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}`,
    ],
    ['line ends without CR', () => `${head(length())}${manifest()}`.replaceAll('\r\n', '\n')],
  ])('is never misled: %s', async (_title, answer) => {
    registry.answers.set(
      registry.paths.manifest,
      raw(socket => socket.write(answer())),
    )

    const ended = await list(soon)

    if (ended.code === 2) expect(ended.stderr).toMatch(/^sluice: .{10}/)
    else expect(ended).toMatchObject({ names: ['seen'], problems: [] })
  })
})
