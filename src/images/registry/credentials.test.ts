import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findCredential } from './credentials.ts'

let home = ''

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'sluice-credentials-'))
})

afterEach(() => rm(home, { recursive: true, force: true }))

describe('images/registry/credentials', () => {
  const basic = (user: string, password: string) => Buffer.from(`${user}:${password}`).toString('base64')
  const shop = { registry: 'registry.example.com', repository: 'shop/web' }
  const hub = { registry: 'docker.io', repository: 'library/nginx' }

  it('finds none where there is no file', async () => {
    expect(await findCredential(shop, { HOME: home })).toBeUndefined()
    expect(await findCredential(shop, {})).toBeUndefined()
  })

  it.each([
    ['registry.example.com', shop],
    ['https://registry.example.com', shop],
    ['https://registry.example.com/v1/', shop],
    ['https://registry.example.com/v2/', shop],
    ['Registry.Example.com', shop],
    ['https://index.docker.io/v1/', hub],
    ['docker.io', hub],
    ['registry-1.docker.io', hub],
    ['registry.example.com/shop', shop],
    ['registry.example.com/shop/web', shop],
  ])('knows the key %s', async (key, reference) => {
    await write('.docker/config.json', { auths: { [key]: { auth: basic('me', 'pass:word') } } })

    const credential = await findCredential(reference, { HOME: home })

    expect(credential).toEqual({ kind: 'password', user: 'me', password: 'pass:word' })
  })

  it.each(['registry.example.com:5000', 'example.com', 'registry.example.com/other', 'evil-registry.example.com'])(
    'gives nothing of %s to another',
    async key => {
      await write('.docker/config.json', { auths: { [key]: { auth: basic('me', 'x') } } })

      expect(await findCredential(shop, { HOME: home })).toBeUndefined()
    },
  )

  it('prefers the longest path', async () => {
    await write('run/containers/auth.json', {
      auths: {
        'registry.example.com': { auth: basic('all', 'x') },
        'registry.example.com/shop': { auth: basic('shop', 'x') },
      },
    })

    const environment = { XDG_RUNTIME_DIR: join(home, 'run') }

    expect(await findCredential(shop, environment)).toMatchObject({ user: 'shop' })
    expect(await findCredential({ ...shop, repository: 'other' }, environment)).toMatchObject({ user: 'all' })
  })

  it('knows identity and registry tokens, and user names in the clear', async () => {
    await write('.docker/config.json', {
      auths: {
        a: { auth: basic('00000000-0000-0000-0000-000000000000', ''), identitytoken: 'refresh' },
        b: { registrytoken: 'raw' },
        c: { username: 'me', password: 'x' },
        d: {},
        e: { auth: '!!' },
        f: null,
      },
    })

    const find = (registry: string) => findCredential({ registry, repository: 'x' }, { HOME: home })

    expect(await find('a')).toEqual({ kind: 'identity', token: 'refresh' })
    expect(await find('b')).toEqual({ kind: 'bearer', token: 'raw' })
    expect(await find('c')).toEqual({ kind: 'password', user: 'me', password: 'x' })
    expect(await find('d')).toBeUndefined()
    expect(await find('e')).toBeUndefined()
    expect(await find('f')).toBeUndefined()
  })

  it.each(['a\r\nx-evil: 1', 'a b', '\u001b[31m', 'ä'])(
    'refuses a registry token that no header can hold: %j',
    async token => {
      await write('.docker/config.json', { auths: { 'registry.example.com': { registrytoken: token } } })

      await expect(findCredential(shop, { HOME: home })).rejects.toMatchObject({ code: 'registry/credentials' })
    },
  )

  it('reads the places that the environment names, in order', async () => {
    const config = (user: string) => ({ auths: { 'registry.example.com': { auth: basic(user, 'x') } } })
    await write('one.json', config('file'))
    await write('docker/config.json', config('docker'))
    const inline = JSON.stringify(config('inline'))
    const docker = join(home, 'docker')

    const all = { REGISTRY_AUTH_FILE: join(home, 'one.json'), DOCKER_AUTH_CONFIG: inline, DOCKER_CONFIG: docker }

    expect(await findCredential(shop, all)).toMatchObject({ user: 'file' })
    expect(await findCredential(shop, { ...all, REGISTRY_AUTH_FILE: undefined })).toMatchObject({ user: 'inline' })
    expect(await findCredential(shop, { DOCKER_CONFIG: docker, HOME: home })).toMatchObject({ user: 'docker' })
  })

  it.each(['{"auths": {"registry.example.com": {"auth": "aHVzaA==', '[]x'])(
    'names a damaged file, not its text',
    async text => {
      await write('.docker/config.json', text)

      const pending = findCredential(shop, { HOME: home })

      await expect(pending).rejects.toMatchObject({ code: 'registry/credentials' })
      await expect(pending).rejects.not.toThrow('aHVzaA')
    },
  )

  it.each(['[]', '{"auths": []}', '{"auths": "x", "credHelpers": 3, "credsStore": {}}', 'null', '  '])(
    'finds none in %s',
    async text => {
      await write('.docker/config.json', text)

      expect(await findCredential(shop, { HOME: home })).toBeUndefined()
    },
  )
})

describe('images/registry/credential-helper', () => {
  const shop = { registry: 'registry.example.com', repository: 'shop/web' }

  it('asks the helper of a registry, then the store of all', async () => {
    await helper(
      'cloud',
      'read server; echo "{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"u\\",\\"Secret\\":\\"$server\\"}"',
    )
    await helper('desktop', 'read server; echo "{\\"Username\\":\\"<token>\\",\\"Secret\\":\\"$server\\"}"')
    await write('.docker/config.json', { credsStore: 'desktop', credHelpers: { 'registry.example.com': 'cloud' } })

    const own = await findCredential(shop, environment())
    const other = await findCredential({ registry: 'other.example', repository: 'x' }, environment())
    const hub = await findCredential({ registry: 'docker.io', repository: 'library/x' }, environment())

    expect(own).toEqual({ kind: 'password', user: 'u', password: 'registry.example.com' })
    expect(other).toEqual({ kind: 'identity', token: 'other.example' })
    expect(hub).toEqual({ kind: 'identity', token: 'https://index.docker.io/v1/' })
  })

  it('goes on to auths where a helper has nothing or is not installed', async () => {
    await helper('empty', 'echo "credentials not found in native keychain"; exit 1')
    const auths = { 'registry.example.com': { username: 'me', password: 'x' } }
    await write('.docker/config.json', { auths, credsStore: 'empty' })
    await write('other/config.json', { auths, credsStore: 'absent' })

    const empty = await findCredential(shop, environment())
    const absent = await findCredential(shop, { ...environment(), DOCKER_CONFIG: join(home, 'other') })

    expect(empty).toMatchObject({ user: 'me' })
    expect(absent).toMatchObject({ user: 'me' })
  })

  it.each([
    ['fails', 'echo hush; echo hush >&2; exit 3', 'docker-credential-x failed (3)'],
    ['prints something else', 'echo hush', 'something else than a credential'],
    ['prints without end', 'while :; do printf "%01024d" 0; done', 'answered too much'],
  ])('tells that a helper %s, without what it printed', async (_name, script, message) => {
    await helper('x', script)
    await write('.docker/config.json', { credsStore: 'x' })

    const pending = findCredential(shop, environment())

    await expect(pending).rejects.toThrow(message)
    await expect(pending).rejects.not.toThrow('hush')
  })

  it.each(['../x', 'a b', 'x;id', '-x', ''.padEnd(65, 'x')])('does not run a helper named %s', async name => {
    await write('.docker/config.json', { credsStore: name })

    await expect(findCredential(shop, environment())).rejects.toMatchObject({ code: 'registry/credentials' })
  })
})

function environment(): Record<string, string> {
  return { HOME: home, PATH: `${join(home, 'bin')}:${process.env.PATH}` }
}

async function helper(name: string, script: string): Promise<void> {
  const path = await write(`bin/docker-credential-${name}`, `#!/bin/sh\n[ "$1" = get ] || exit 9\n${script}\n`)
  await chmod(path, 0o755)
}

async function write(name: string, content: unknown): Promise<string> {
  const path = join(home, name)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}
