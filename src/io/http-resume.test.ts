import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { Failure } from '#lib/failure.ts'
import { createHttpClient } from './http.ts'
import { resumableBody } from './http-resume.ts'

const closers: (() => void)[] = []
const content = Buffer.from(Array.from({ length: 50_000 }, (_, index) => index % 251))

afterEach(() => {
  for (const close of closers.splice(0)) close()
})

describe('io/http-resume', () => {
  it('takes up a broken body where it broke', async () => {
    const ranges: (string | undefined)[] = []
    const origin = await serve((request, response) => {
      ranges.push(request.headers.range)
      cutAfter(request, response, 20_000)
    })

    const bytes = await collect(origin, true)

    expect(bytes.equals(content)).toBe(true)
    expect(ranges).toEqual([undefined, 'bytes=20000-', 'bytes=40000-'])
  })

  it('skips what it knows where a server does not know ranges', async () => {
    let count = 0
    const origin = await serve((_request, response) => {
      count++
      response.writeHead(200, { 'content-length': content.length })
      if (count > 1) response.end(content)
      else response.write(content.subarray(0, 30_000), () => setTimeout(() => response.destroy(), 10))
    })

    const bytes = await collect(origin, true)

    expect(bytes.equals(content)).toBe(true)
  })

  it('asks that nothing changed where the address promises nothing', async () => {
    const conditions: (string | undefined)[] = []
    const origin = await serve((request, response) => {
      conditions.push(request.headers['if-range'] as string | undefined)
      response.setHeader('etag', '"one"')
      cutAfter(request, response, 30_000)
    })

    const bytes = await collect(origin, false)

    expect(bytes.equals(content)).toBe(true)
    expect(conditions).toEqual([undefined, '"one"'])
  })

  it('tells that the thing changed in between', async () => {
    let count = 0
    const origin = await serve((_request, response) => {
      count++
      response.writeHead(200, { 'content-length': content.length, etag: `"${count}"` })
      if (count > 1) response.end(content)
      else response.write(content.subarray(0, 30_000), () => setTimeout(() => response.destroy(), 10))
    })

    const failure = await failureOf(collect(origin, false))

    expect(failure.code).toBe('http/changed')
  })

  it('gives up without an ETag that could prove it unchanged', async () => {
    const origin = await serve((request, response) => cutAfter(request, response, 30_000))

    const failure = await failureOf(collect(origin, false))

    expect(failure.code).toBe('http/cut')
  })

  it('gives up where nothing more arrives', async () => {
    let count = 0
    const origin = await serve((_request, response) => {
      count++
      response.writeHead(count === 1 ? 200 : 206, {
        'content-length': 10,
        ...(count === 1 ? {} : { 'content-range': 'bytes 1-10/11' }),
      })
      if (count === 1) response.write('x')
      else response.flushHeaders()
      setTimeout(() => response.destroy(), 10)
    })

    const failure = await failureOf(collect(origin, true))

    expect([failure.code, count]).toEqual(['http/cut', 5])
  })

  it('refuses a range that starts elsewhere', async () => {
    let count = 0
    const origin = await serve((_request, response) => {
      count++
      if (count === 1) {
        response.writeHead(200, { 'content-length': content.length })
        response.write(content.subarray(0, 100), () => setTimeout(() => response.destroy(), 10))
      } else response.writeHead(206, { 'content-range': 'bytes 4000-49999/50000' }).end(content.subarray(4000))
    })

    const failure = await failureOf(collect(origin, true))

    expect(failure.code).toBe('http/changed')
  })

  it('tells a status that is no body', async () => {
    const origin = await serve((_request, response) => response.writeHead(403).end('no'))

    const failure = await failureOf(collect(origin, true))

    expect([failure.code, failure.message]).toEqual([
      'http/status',
      `${origin.slice('http://'.length)}/ answered with status 403`,
    ])
  })
})

/** Serves the content with ranges, and breaks every answer after `length` bytes. */
function cutAfter(request: IncomingMessage, response: ServerResponse, length: number): void {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  response.setHeader('content-length', content.length - start)
  if (start > 0) {
    response.statusCode = 206
    response.setHeader('content-range', `bytes ${start}-${content.length - 1}/${content.length}`)
  }
  const part = content.subarray(start, start + length)
  if (start + length >= content.length) response.end(part)
  else response.write(part, () => setTimeout(() => response.destroy(), 10))
}

async function collect(url: string, sameBytes: boolean): Promise<Buffer> {
  const client = createHttpClient({ retryDelay: 1, retries: 0 })
  closers.push(client.close)
  const chunks: Buffer[] = []
  const body = resumableBody({ open: headers => client.request({ url, headers }), sameBytes, delay: 1 })
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function failureOf(pending: Promise<unknown>): Promise<Failure> {
  const error = await pending.then(
    () => new Error('did not fail'),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof Failure)) throw error
  return error
}
