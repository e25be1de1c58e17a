import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasProgram } from './engine.ts'

/** A registry on this machine: Debian's `docker-registry` (distribution 2.8), its content in a temporary folder. */
export interface TestRegistry {
  /** `127.0.0.1:port` */
  readonly host: string
  /** The registry's folder; blobs lie in `docker/registry/v2/blobs/sha256/<two>/<hex>/data`. */
  readonly folder: string
  readonly stop: () => Promise<void>
}

/** The only user of a registry that asks for one. */
export const registryUser = { name: 'tester', password: 'not-a-secret' }

/** `htpasswd -B` of that user: bcrypt, the only kind that distribution takes. */
const passwordFile = 'tester:$2b$05$c7bUASN/gqj9APxokKZqseQOKAptrFlywbQrYVkJAL76wjYcW6.7m\n'

/** True where `docker-registry` is installed (`apt-get install docker-registry`). */
export function hasRegistry(): boolean {
  return hasProgram('docker-registry')
}

/** Starts a registry; with `login`, only `registryUser` may pull and push; `tls` names PEM files. */
export async function startRegistry(
  options: { readonly login?: boolean; readonly tls?: { readonly cert: string; readonly key: string } } = {},
): Promise<TestRegistry> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-registry-'))
  const host = `127.0.0.1:${await freePort()}`
  const users = join(folder, 'htpasswd')
  const auth = options.login === true ? { auth: { htpasswd: { realm: 'test', path: users } } } : {}
  const tls = options.tls === undefined ? {} : { tls: { certificate: options.tls.cert, key: options.tls.key } }
  const config = join(folder, 'config.json')
  writeFileSync(users, passwordFile)
  // JSON is YAML too.
  const storage = { filesystem: { rootdirectory: folder } }
  writeFileSync(
    config,
    JSON.stringify({ version: '0.1', log: { level: 'error' }, storage, http: { addr: host, ...tls }, ...auth }),
  )
  const child = spawn('docker-registry', ['serve', config], { stdio: 'ignore' })
  await answering(host, child)
  return {
    host,
    folder,
    stop: async () => {
      const ended = new Promise(resolve => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function answering(host: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    // A registry that speaks TLS answers plain requests with 400.
    const status = await fetch(`http://${host}/v2/`).then(
      response => response.status,
      () => 0,
    )
    if (status === 200 || status === 400 || status === 401) return
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  child.kill('SIGKILL')
  throw new Error('docker-registry does not answer')
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}
