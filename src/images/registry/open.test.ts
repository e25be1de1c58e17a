import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { OpenOptions } from '#images/types.ts'
import type { Failure } from '#lib/failure.ts'
import { decodeText } from '#lib/text.ts'
import { hasEngine, startEngine, type TestEngine } from '#test/support/engine.ts'
import { hasRegistry, registryUser, startRegistry, type TestRegistry } from '#test/support/registry.ts'
import { describeWith } from '#test/support/skips.ts'
import { openRegistryImage } from './open.ts'

const isComplete = hasRegistry() && hasEngine()

describeWith('docker-registry and a Docker engine', isComplete)('images/registry against a real registry', () => {
  let engine: TestEngine
  let open: TestRegistry
  let closed: TestRegistry
  let home = ''
  let id = ''

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'sluice-registry-test-'))
    engine = await startEngine()
    open = await startRegistry()
    closed = await startRegistry({ login: true })
    const names = [`${open.host}/shop/web:1`, `${closed.host}/shop/web:1`]
    for (const name of names) engine.makeImage(name, { 'etc/os-release': 'ID=test\n', 'app/main.txt': 'hello\n' })
    // Both are to be one image: import stamps the time into the configuration.
    engine.docker('tag', names[0] ?? '', names[1] ?? '')
    engine.docker('push', names[0] ?? '')
    const login = ['--username', registryUser.name, '--password', registryUser.password]
    engine.docker('--config', home, 'login', ...login, closed.host)
    engine.docker('--config', home, 'push', names[1] ?? '')
    id = engine.docker('image', 'inspect', '--format', '{{.Id}}', names[0] ?? '').trim()
  })

  afterAll(async () => {
    engine?.stop()
    await open?.stop()
    await closed?.stop()
    rmSync(home, { recursive: true, force: true })
  })

  const options = (environment: OpenOptions['environment'] = {}): OpenOptions => ({ temporary: home, environment })
  const digestOf = (name: string) => {
    const digests = engine.docker('image', 'inspect', '--format', '{{json .RepoDigests}}', name)
    return (JSON.parse(digests) as string[]).find(each => each.startsWith(name.slice(0, 15)))?.split('@')[1]
  }

  it('opens what the engine pushed, and knows it as the engine does', async () => {
    const name = `${open.host}/shop/web:1`

    const opened = await openRegistryImage(name, options())
    const bodies = await bodiesOf(opened)
    await opened.close()

    expect(opened.target).toEqual({ scheme: 'registry', name, kind: 'image' })
    expect(opened.image).toMatchObject({ id, digest: digestOf(name), tags: [name] })
    expect(opened.problems).toEqual([])
    expect(bodies).toEqual({ 'etc/os-release': 'ID=test\n', 'app/main.txt': 'hello\n' })
  })

  it('walks a layer twice, by digest as well as by tag', async () => {
    const name = `${open.host}/shop/web`

    const opened = await openRegistryImage(`${name}@${digestOf(`${name}:1`)}`, options())
    const bodies = [await bodiesOf(opened), await bodiesOf(opened)]
    await opened.close()

    expect(bodies[1]).toEqual(bodies[0])
    expect(opened.image?.tags).toEqual([])
  })

  it('logs in as the engine did', async () => {
    const name = `${closed.host}/shop/web:1`

    const opened = await openRegistryImage(name, options({ DOCKER_CONFIG: home }))
    await opened.close()

    expect(opened.image?.id).toBe(id)
  })

  it('is refused without a login, and with a wrong one', async () => {
    const name = `${closed.host}/shop/web:1`
    const auths = { [closed.host]: { username: registryUser.name, password: 'wrong-secret' } }
    writeFileSync(join(home, 'auth.json'), JSON.stringify({ auths }))

    const without = openRegistryImage(name, options())
    const wrong = openRegistryImage(name, options({ REGISTRY_AUTH_FILE: join(home, 'auth.json') }))

    await expect(without).rejects.toMatchObject({
      code: 'registry/unauthorized',
      message: `${closed.host} refuses access to shop/web:1 (status 401, UNAUTHORIZED)`,
    })
    await expect(wrong).rejects.toMatchObject({ code: 'registry/unauthorized' })
    await expect(wrong).rejects.not.toThrow('wrong-secret')
  })

  it.each([
    ['shop/web:2', 'MANIFEST_UNKNOWN'],
    ['shop/other:1', 'MANIFEST_UNKNOWN'],
  ])('says that %s is not there', async (name, code) => {
    const pending = openRegistryImage(`${open.host}/${name}`, options())

    await expect(pending).rejects.toMatchObject({
      code: 'registry/not-found',
      message: `${open.host} does not have ${name} (status 404, ${code})`,
    })
  })

  it('asks a mirror first, under its prefix, and the registry where the mirror refuses', async () => {
    const mirrored = { SLUICE_MIRRORS: `mirrored.invalid=http://${open.host}/shop` }
    const refusing = { SLUICE_MIRRORS: `${open.host}=${closed.host}` }

    const fromMirror = await openRegistryImage('mirrored.invalid/web:1', options(mirrored))
    const fromOrigin = await openRegistryImage(`${open.host}/shop/web:1`, options(refusing))
    const bodies = [await bodiesOf(fromMirror), await bodiesOf(fromOrigin)]
    await Promise.all([fromMirror.close(), fromOrigin.close()])

    expect([fromMirror.image?.id, fromOrigin.image?.id]).toEqual([id, id])
    expect(fromMirror.image?.tags).toEqual(['mirrored.invalid/web:1'])
    expect(bodies[1]).toEqual(bodies[0])
  })

  it('reads a registry with a certificate of its own, where it was told to trust it', async () => {
    const [cert, key] = [join(home, 'cert.pem'), join(home, 'key.pem')]
    const subject = ['-subj', '/CN=registry', '-addext', 'subjectAltName=IP:127.0.0.1']
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
    execFileSync('openssl', ['req', '-x509', ...curve, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' })
    const secure = await startRegistry({ tls: { cert, key } })
    const trusted = join(home, '.config', 'containers', 'certs.d', secure.host)
    mkdirSync(trusted, { recursive: true })
    copyFileSync(cert, join(trusted, 'ca.crt'))

    const unknown = await openRegistryImage(`${secure.host}/shop/web:1`, options()).catch((error: unknown) => error)
    const known = await openRegistryImage(`${secure.host}/shop/web:1`, options({ HOME: home })).catch(
      (error: unknown) => error,
    )
    await secure.stop()

    // Nobody pushed there: that it has no such image is its answer, so it was trusted.
    expect(unknown).toMatchObject({ code: 'registry/unreachable' })
    expect((unknown as Failure).hint).toContain(`certs.d/${secure.host}/ca.crt`)
    expect(known).toMatchObject({ code: 'registry/not-found' })
  })

  it('reports a layer whose bytes are not the ones that were pushed', async () => {
    const name = `${open.host}/shop/damaged:1`
    engine.makeImage(name, { 'other.txt': 'something else\n' })
    engine.docker('push', name)
    const opened = await openRegistryImage(name, options())
    const blobs = join(open.folder, 'docker/registry/v2/blobs/sha256')
    const layer = manifestOf(blobs, opened.image?.digest ?? '').layers[0]?.digest.slice('sha256:'.length) ?? ''
    const data = join(blobs, layer.slice(0, 2), layer, 'data')
    writeFileSync(data, gzipOf('another layer'))

    const end = await opened.layers[0]?.walk({ entry: () => false, file: () => {} })
    await opened.close()

    expect(end?.problems.map(problem => problem.code)).toContain('digest-mismatch')
  })
})

interface Walked {
  readonly layers: Awaited<ReturnType<typeof openRegistryImage>>['layers']
}

async function bodiesOf(opened: Walked): Promise<Record<string, string>> {
  const bodies: Record<string, string> = {}
  for (const layer of opened.layers) {
    const end = await layer.walk({
      entry: entry => entry.kind === 'file',
      file: (entry, file) => {
        bodies[entry.path] = decodeText(file.bytes())
      },
    })
    expect(end.problems).toEqual([])
    expect(end.digest).toBe(layer.digest)
  }
  return bodies
}

function manifestOf(blobs: string, digest: string): { layers: { digest: string }[] } {
  const hex = digest.slice('sha256:'.length)
  return JSON.parse(readFileSync(join(blobs, hex.slice(0, 2), hex, 'data'), 'utf8'))
}

function gzipOf(name: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-layer-'))
  writeFileSync(join(folder, 'file'), name)
  const bytes = execFileSync('tar', ['-C', folder, '-czf', '-', 'file'])
  rmSync(folder, { recursive: true, force: true })
  return bytes
}
