import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { brotliCompressSync, deflateRawSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { writeZip } from '#test/ecosystems/zip-writer.ts'
import { hasProgram } from '#test/support/engine.ts'
import { bucketFiles, recordOf } from '#test/support/osv-bucket.ts'
import { describeWith } from '#test/support/skips.ts'
import { openCage } from './cage.ts'
import { epssOf, type FeedServer, fillFeeds, kevOf, paths, recordsOf, startFeedServer } from './feed-server.ts'
import { type Answer, drip, type HostileServer, pour, serve, serveRaw } from './servers.ts'

const cage = openCage('feeds')
const home = cage.home('store')
const kept = cage.home('kept')
const [older, held, newer] = ['2026-01-01', '2026-02-02', '2026-03-03'] as const

let mirror: FeedServer
/** What no redirect may reach: nobody named it. */
let inside: HostileServer
let target: string
let before: Awaited<ReturnType<typeof state>>

const npm = 'osv/npm'

async function state() {
  const shown = await cage.probe(['feeds', 'status', '--json'], { home })
  const scan = ['scan', target, '--offline', '-q', '-o', 'json', '--at', '2026-02-03T00:00:00Z']
  const { findings } = JSON.parse((await cage.probe(scan, { home })).stdout)
  const feeds: { feed: string }[] = JSON.parse(shown.stdout).feeds
  return { feeds: new Map(feeds.map(feed => [feed.feed, feed])), findings }
}

const update = (more: readonly string[] = []) =>
  cage.probe(['feeds', 'update', '--mirror', mirror.origin, ...more], { home })

beforeAll(async () => {
  mirror = await startFeedServer(held)
  inside = await serve((_request, response) => response.end('{}'), '127.0.0.2')
  target = cage.next()
  mkdirSync(join(target, 'node_modules/bad-0'), { recursive: true })
  writeFileSync(join(target, 'node_modules/bad-0/package.json'), '{"name":"bad-0","version":"1.0.0"}')
  const built = await update(['-q'])
  if (built.code !== 0) throw new Error(built.stderr)
  cpSync(home, kept, { recursive: true })
  before = await state()
})
beforeEach(() => {
  rmSync(home, { recursive: true })
  cpSync(kept, home, { recursive: true })
})
afterAll(async () => {
  await mirror.close()
  await inside.close()
  cage.close()
})

/** Brings npm on the mirror to a newer day, with one thing wrong. */
function spoil(feed: string, answers: Readonly<Record<string, Answer | Buffer | undefined>>): void {
  fillFeeds(mirror, held)
  if (feed === npm) for (const [name, bytes] of filesOf('npm', newer)) mirror.files.set(`/osv/npm/${name}`, bytes)
  for (const [path, answer] of Object.entries(answers)) {
    if (answer === undefined) mirror.files.delete(path)
    else if (typeof answer === 'function') mirror.answers.set(path, answer)
    else mirror.files.set(path, answer)
  }
}

/** A mirror without an index, so that the archive is asked for. */
const archive = (answer: Answer | Buffer) => ({ [paths.index]: undefined, [paths.archive]: answer })
const record = (answer: Answer | Buffer) => ({ '/osv/npm/GHSA-npm-3.json': answer })
const status =
  (code: number, headers: Readonly<Record<string, string>> = {}, body: Buffer | string = ''): Answer =>
  (_request, response) =>
    response.writeHead(code, headers).end(body)
const longer: Answer = (_request, response) => {
  response.writeHead(200, { 'content-length': 100_000 })
  response.write('2026-03-03T00:00:00Z,GHSA-npm-1\n', () => setTimeout(() => response.destroy(), 20))
}
const endless: Answer = (_request, response) => pour(response.writeHead(200))
const terabytes: Answer = (_request, response) => pour(response.writeHead(200, { 'content-length': 10 ** 13 }))
const silent: Answer = () => undefined
const dripping =
  (text: string): Answer =>
  (_request, response) =>
    drip(response.writeHead(200, { 'content-length': 1_000_000 }), text)
const raw =
  (act: (socket: Socket) => void): Answer =>
  request =>
    act(request.socket)
const filesOf = (ecosystem: string, day: string) => bucketFiles(recordsOf(ecosystem, day))
const zipOf = (ecosystem: string, day: string) => filesOf(ecosystem, day).get('all.zip')!

/** Members that each inflate to eight megabytes of blanks. */
function bomb(members: number): Buffer {
  const content = ' '.repeat(8_000_000)
  const packed = deflateRawSync(content)
  expect(packed.length).toBeLessThan(10_000)
  const names = Array.from({ length: members }, (_, at) => ({ name: `GHSA-${at}.json`, content, deflate: true }))
  return Buffer.from(writeZip(names))
}

function manyLines(bytes: number): Buffer {
  const lines: string[] = []
  for (let at = 0, size = 0; size < bytes; at++) {
    const line = `2026-03-03T00:00:00Z,GHSA-npm-${at}\n`
    lines.push(line)
    size += line.length
  }
  return Buffer.from(lines.join(''))
}

type Case = readonly [
  title: string,
  feed: string,
  answers: () => Readonly<Record<string, Answer | Buffer | undefined>>,
  said: RegExp,
  more?: readonly string[],
]
const soon = ['--timeout', '2s']

async function holdsWhatItHas([, feed, answers, said, more]: Case): Promise<void> {
  spoil(feed, answers())
  const ended = await update(more)

  expect(ended.stderr).toMatch(said)
  expect(ended.stderr).toContain(feed.replace('osv/', ''))
  expect(ended.stderr).toContain('stays in use')
  expect(ended.code).toBe(2)
  const after = await state()
  expect(after.feeds.get(feed)).toEqual(before.feeds.get(feed))
  expect(after.findings).toEqual(before.findings)
  expect(inside.seen).toEqual([])
}

/** A test for each case. */
function holds(cases: readonly Case[]): void {
  it.each(cases.map(one => [one[0], one] as const))('holds what it has: %s', async (_title, one) => holdsWhatItHas(one))
}

describe('a feed that is cut, another one or an older one', () => {
  holds([
    ['an index shorter than it says', npm, () => ({ [paths.index]: longer }), /broke/],
    [
      'an index cut in a line',
      npm,
      () => ({ [paths.index]: filesOf('npm', newer).get('modified_id.csv')!.subarray(0, -9) }),
      /damaged/,
    ],
    [
      'an index cut between lines',
      npm,
      () => ({
        [paths.index]: filesOf('npm', newer)
          .get('modified_id.csv')!
          .subarray(0, 32 * 3 - 1),
      }),
      /damaged|are left/,
    ],
    ['an archive shorter than it says', npm, () => archive(longer), /broke/],
    ['half an archive', npm, () => archive(zipOf('npm', newer).subarray(0, 3000)), /zip|archive/],
    ['a record shorter than it says', npm, () => record(longer), /broke/],
    ["another ecosystem's archive", npm, () => archive(zipOf('PyPI', newer)), /PyPI|npm/],
    [
      "another ecosystem's index",
      npm,
      () => ({ [paths.index]: filesOf('PyPI', newer).get('modified_id.csv') }),
      /are left/,
    ],
    ['a record under another id', npm, () => record(filesOf('npm', newer).get('GHSA-npm-4.json')!), /GHSA-npm-4/],
    [
      'a record about another ecosystem',
      npm,
      () => record(Buffer.from(JSON.stringify(recordOf('GHSA-npm-3', 'PyPI', 'x')))),
      /npm/,
    ],
    ['a record that is not there', npm, () => ({ '/osv/npm/GHSA-npm-3.json': undefined }), /not there/],
    ['EPSS where KEV is expected', 'kev', () => ({ [paths.kev]: epssOf(newer) }), /KEV/],
    ['KEV where EPSS is expected', 'epss', () => ({ [paths.epss]: kevOf(newer) }), /EPSS/],
    ['KEV where support dates are expected', 'eol', () => ({ [paths.eol]: kevOf(newer) }), /endoflife/],
    ['an older index', npm, () => ({ [paths.index]: filesOf('npm', older).get('modified_id.csv') }), /older than/],
    ['an older archive', npm, () => archive(zipOf('npm', older)), /older than/],
    ['an older catalog', 'kev', () => ({ [paths.kev]: kevOf(older) }), /older than/],
    ['older scores', 'epss', () => ({ [paths.epss]: epssOf(older) }), /older than/],
    ['a feed that is gone', 'kev', () => ({ [paths.kev]: undefined }), /not there/],
    [
      'an ecosystem that is gone',
      npm,
      () => ({ [paths.index]: undefined, [paths.archive]: undefined }),
      /no advisories for npm/,
    ],
    ['no JSON', 'kev', () => ({ [paths.kev]: Buffer.from('{"title":') }), /not JSON/],
    ['JSON that is nested without end', 'kev', () => ({ [paths.kev]: Buffer.from('['.repeat(5_000_000)) }), /not JSON/],
    ['a page of a captive portal', npm, () => ({ [paths.index]: Buffer.from('<html>log in</html>\n') }), /damaged/],
    [
      'a catalog that is compressed',
      'kev',
      () => ({ [paths.kev]: status(200, { 'content-encoding': 'gzip' }, gzipSync(kevOf(newer))) }),
      /not JSON/,
    ],
    [
      'an index in brotli',
      npm,
      () => ({
        [paths.index]: status(
          200,
          { 'content-encoding': 'br' },
          brotliCompressSync(filesOf('npm', newer).get('modified_id.csv')!),
        ),
      }),
      /damaged/,
    ],
    [
      'a lie about the encoding',
      'epss',
      () => ({ [paths.epss]: status(200, { 'content-encoding': 'gzip' }, 'no gzip') }),
      /EPSS/,
    ],
  ])
})

describe('a feed that is enormous', () => {
  holds([
    ['an index of ten terabytes', npm, () => ({ [paths.index]: terabytes }), /longer than/],
    ['an endless index', npm, () => ({ [paths.index]: endless }), /longer than/],
    [
      'an index of millions of lines',
      npm,
      () => ({ [paths.index]: manyLines(31 * 2 ** 20) }),
      /listed and not|not there/,
    ],
    ['an archive of ten terabytes', npm, () => archive(terabytes), /larger than/],
    ['an endless archive', npm, () => archive(endless), /larger than/],
    ['an archive that is a bomb', npm, () => archive(bomb(60)), /times its size/],
    ['a record that is a bomb', npm, () => archive(bomb(1)), /not JSON/],
    ['an endless record', npm, () => record(endless), /longer than/],
    [
      'a record of millions of nothings',
      npm,
      () => record(Buffer.from(`{"id":"GHSA-npm-3","x":[${'{},'.repeat(2_700_000)}{}]}`)),
      /GHSA-npm-3/,
    ],
    ['an endless catalog', 'kev', () => ({ [paths.kev]: endless }), /longer than/],
    [
      'a catalog of millions of nothings',
      'kev',
      () => ({ [paths.kev]: Buffer.from(`{"vulnerabilities":[${'{},'.repeat(2_700_000)}{}]}`) }),
      /KEV/,
    ],
    [
      'scores that are a bomb',
      'epss',
      () => ({ [paths.epss]: gzipSync(Buffer.alloc(600_000_000)) }),
      /cannot be inflated/,
    ],
    [
      'millions of scores',
      'epss',
      () => ({
        [paths.epss]: gzipSync(
          `#model_version:v1,score_date:${newer}T00:00:00+0000\ncve,epss,percentile\n${'CVE-2024-0001,0.5,0.9\n'.repeat(3_000_000)}`,
        ),
      }),
      /cannot be inflated/,
    ],
    ['endless support dates', 'eol', () => ({ [paths.eol]: endless }), /longer than/],
    [
      'a gigantic header',
      'kev',
      () => ({ [paths.kev]: raw(socket => socket.write(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(2 ** 20)}\r\n\r\n`)) }),
      /not HTTP/,
    ],
    [
      'endless headers',
      'kev',
      () => ({
        [paths.kev]: raw(socket => {
          socket.write('HTTP/1.1 200 OK\r\n')
          pour(socket, Buffer.from('x: y\r\n'.repeat(1000)))
        }),
      }),
      /not HTTP/,
    ],
    [
      'answers before the answer, for ever',
      'kev',
      () => ({ [paths.kev]: raw(socket => pour(socket, Buffer.from('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(100)))) }),
      /longer than 2 s/,
      soon,
    ],
  ])
})

describe('a feed that is slow', () => {
  holds([
    ['a silent server', 'kev', () => ({ [paths.kev]: silent }), /longer than 2 s/, soon],
    [
      'an index a byte at a time',
      npm,
      () => ({ [paths.index]: dripping('2026-03-03T00:00:00Z,GHSA-npm-1\n') }),
      /longer than 2 s/,
      soon,
    ],
    ['an archive a byte at a time', npm, () => archive(dripping('PK')), /longer than 2 s/, soon],
    ['a record a byte at a time', npm, () => record(dripping('{')), /longer than 2 s/, soon],
    [
      'a header a byte at a time',
      'epss',
      () => ({ [paths.epss]: raw(socket => drip(socket, 'HTTP/1.1 200 OK\r\nx: yyyyyyyyyyyyyyyyyyyyyyyyyy')) }),
      /longer than 2 s/,
      soon,
    ],
    [
      'a rest of an error a byte at a time',
      'kev',
      () => ({ [paths.kev]: (_request, response) => drip(response.writeHead(403, { 'content-length': 9000 }), 'no') }),
      /403/,
    ],
    ['a byte for each connection', npm, () => archive(byteEach()), /broke/],
    ['503 for ever', 'kev', () => ({ [paths.kev]: status(503) }), /longer than 2 s/, soon],
    [
      '503, and to come back in 59 seconds',
      'kev',
      () => ({ [paths.kev]: status(503, { 'retry-after': '59' }) }),
      /longer than 2 s/,
      soon,
    ],
    [
      '429, and to come back in a thousand years',
      'kev',
      () => ({ [paths.kev]: status(429, { 'retry-after': '31536000000' }) }),
      /429/,
    ],
    ['401', 'kev', () => ({ [paths.kev]: status(401, { 'www-authenticate': 'Basic realm="x"' }) }), /401/],
  ])

  it('ends where a server takes connections and never answers', async () => {
    const deaf = await serveRaw(() => undefined)

    const ended = await cage.probe(['feeds', 'update', '--mirror', deaf.origin, ...soon], { home })

    await deaf.close()
    expect(ended.code).toBe(2)
    expect(ended.stderr).toMatch(/longer than 2 s/)
    expect(await state()).toEqual(before)
  })
})

/** An archive that grows by one byte with every connection, which then breaks. */
function byteEach(): Answer {
  return (request, response) => {
    const start = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0)
    const range = { 'content-range': `bytes ${start}-999/1000` }
    response.writeHead(start === 0 ? 200 : 206, {
      etag: '"x"',
      'content-length': 1000 - start,
      ...(start > 0 && range),
    })
    response.write('P', () => setTimeout(() => response.destroy(), 5))
  }
}

describe('a feed that leads elsewhere', () => {
  const port = () => inside.host.split(':').at(-1)!
  const to =
    (location: () => string): Case[2] =>
    () => ({ [paths.kev]: status(302, { location: location() }) })

  holds([
    ['to itself', 'kev', to(() => paths.kev), /more than 10 times/],
    [
      'in circles',
      'kev',
      () => ({ [paths.kev]: status(302, { location: '/a' }), '/a': status(301, { location: paths.kev }) }),
      /more than 10 times/,
    ],
    [
      'a new address each time',
      'kev',
      () => {
        let count = 0
        return {
          [paths.kev]: (request, response) => {
            mirror.answers.set(`/${++count}`, mirror.answers.get(request.url!)!)
            response.writeHead(302, { location: `/${count}` }).end()
          },
        }
      },
      /more than 10 times/,
    ],
    ['to cloud metadata', 'kev', to(() => 'http://169.254.169.254/latest/meta-data/'), /Refused.*169\.254/],
    ['to cloud metadata by IPv6', 'kev', to(() => 'http://[fd00:ec2::254]/latest/'), /Refused/],
    ['to this machine', 'kev', to(() => `${inside.origin}/`), /Refused.*127\.0\.0\.2/],
    ['to this machine as a number', 'kev', to(() => `http://2130706434:${port()}/`), /Refused/],
    ['to this machine in hex', 'kev', to(() => `http://0x7f000002:${port()}/`), /Refused/],
    ['to this machine in octal', 'kev', to(() => `http://0177.0.0.2:${port()}/`), /Refused/],
    ['to this machine, shortened', 'kev', to(() => `http://127.2:${port()}/`), /Refused/],
    ['to this machine in IPv6', 'kev', to(() => `http://[::ffff:127.0.0.2]:${port()}/`), /Refused/],
    ['to the loopback of IPv6', 'kev', to(() => `http://[::1]:${port()}/`), /Refused/],
    ['to no address', 'kev', to(() => `http://0.0.0.0:${port()}/`), /Refused/],
    ['to a name that leads inside', 'kev', to(() => `http://localhost:${port()}/`), /Refused/],
    ['to a name below that', 'kev', to(() => `http://x.localhost:${port()}/`), /Refused|reached/],
    ['to a private network', 'kev', to(() => 'http://10.255.255.1/'), /Refused/],
    ['to a file', 'kev', to(() => 'file:///etc/passwd'), /file: address/],
    ['with a user name', 'kev', to(() => 'http://me:hush@127.0.0.1/'), /user name/],
    ['to nonsense', 'kev', to(() => 'http://['), /no URL/],
    [
      'an archive to this machine',
      npm,
      () => archive(status(307, { location: `${inside.origin}/all.zip` })),
      /Refused/,
    ],
    ['a record to this machine', npm, () => record(status(308, { location: `${inside.origin}/x.json` })), /Refused/],
    [
      'a list to this machine',
      npm,
      () => ({ [paths.index]: status(302, { location: `${inside.origin}/x.csv` }) }),
      /Refused/,
    ],
  ])
})

describe('records that try to change the program', () => {
  it('are taken for what they say', async () => {
    const evil = recordsOf('npm', newer).map(one =>
      JSON.stringify(one).replace('{', '{"__proto__":{"affected":[]},"constructor":{"prototype":1},'),
    )
    const files = evil.map((text, at) => [`/osv/npm/GHSA-npm-${at}.json`, Buffer.from(text)] as const)
    spoil(npm, Object.fromEntries(files))
    mirror.files.set('/osv/ecosystems.txt', Buffer.from('__proto__\nconstructor\n../../etc\nnpm\n\u001b[31mx\n'))

    const ended = await update()

    expect(ended).toMatchObject({ code: 0, stderr: '' })
    const after = await state()
    expect(after.findings).toHaveLength(before.findings.length)
    expect([...after.feeds.keys()].sort()).toEqual([...before.feeds.keys()].sort())
  })
})

describeWith('openssl', hasProgram('openssl'))('a mirror over TLS', () => {
  it('does not lead to where there is none', async () => {
    const folder = cage.next()
    mkdirSync(folder)
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
    const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
    execFileSync('openssl', ['req', '-x509', ...curve, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' })
    const pair = { cert: readFileSync(cert), key: readFileSync(key) }
    fillFeeds(mirror, newer)
    const location = (path = '') => `${mirror.origin}${path}`
    const server = createServer(pair, (request, response) =>
      response.writeHead(302, { location: location(request.url) }).end(),
    )
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const asked = mirror.seen.length

    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    const [trusted, distrusted] = [
      await cage.probe(['feeds', 'update', '--mirror', url], { home, environment: { NODE_EXTRA_CA_CERTS: cert } }),
      await cage.probe(['feeds', 'update', '--mirror', url], { home }),
    ]
    server.closeAllConnections()
    server.close()

    expect(trusted.code).toBe(2)
    expect(trusted.stderr).toContain('from https to http')
    expect(distrusted.code).toBe(2)
    expect(distrusted.stderr).toContain('is not trusted')
    expect(mirror.seen).toHaveLength(asked)
    expect(await state()).toEqual(before)
  })
})
