import { createServer, type Server } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { checkSignatures } from './check-signatures.ts'

let server: Server | undefined
afterEach(() => server?.close())

/** A registry that answers the question for its keys like this; its address. */
async function registry(status: number, body: string): Promise<string> {
  server = createServer((request, response) => {
    response.writeHead(request.url === '/npm/-/npm/v1/keys' ? status : 500).end(body)
  })
  await new Promise<void>(resolve => server!.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server!.address() as { port: number }).port}/npm`
}

const keys = '{"keys":[{"keyid":"SHA256:x","key":"x"}]}'
const unasked = () => {
  throw new Error('npm was asked')
}

describe('tools/check-signatures', () => {
  it.each([
    [0, 'audited 100 packages', true],
    [1, '1 package has an invalid registry signature', false],
    [null, '', false],
  ])('takes the word of npm where the registry serves keys: %j', async (code, output, verified) => {
    const answer = await checkSignatures(await registry(200, keys), () => ({ code, output: `${output}\n` }))

    expect(answer).toEqual({ verified, detail: output })
  })

  it.each([
    [404, 'no such page', 'serves no keys (HTTP 404)'],
    [200, '{"keys":[]}', 'serves no keys,'],
    [200, '<html>', 'serves no keys that can be read'],
  ])('does not ask npm where it serves none: HTTP %j, %s', async (status, body, why) => {
    const answer = await checkSignatures(await registry(status, body), unasked)

    expect(answer).toEqual({ skipped: expect.stringContaining(why) })
  })

  it('does not ask npm where nothing answers', async () => {
    expect(await checkSignatures('http://127.0.0.1:1/', unasked)).toEqual({
      skipped: expect.stringContaining('127.0.0.1:1'),
    })
  })
})
