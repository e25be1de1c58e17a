import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { imageSources } from '#images/index.ts'
import { decodeText } from '#lib/text.ts'
import { hasEngine, startEngine, type TestEngine } from '#test/support/engine.ts'
import { describeWith } from '#test/support/skips.ts'
import { hasImage, openDocker } from './open.ts'

const name = 'sluice-test/engine-source:1'

describeWith('a Docker engine', hasEngine())('images/engine against a real engine', () => {
  let engine: TestEngine
  let temporary = ''

  beforeAll(async () => {
    temporary = mkdtempSync(join(tmpdir(), 'sluice-engine-test-'))
    engine = await startEngine()
    engine.makeImage(name, { 'etc/os-release': 'ID=test\n', 'app/main.txt': 'hello\n' })
  })

  afterAll(() => {
    engine?.stop()
    rmSync(temporary, { recursive: true, force: true })
  })

  it('opens an image by reference and by id, and knows it as the engine does', async () => {
    const id = engine.docker('image', 'inspect', '--format', '{{.Id}}', name).trim()

    const byName = await openDocker(name, { temporary, environment: {} })
    const byId = await openDocker(id.slice('sha256:'.length, 30), { temporary, environment: {} })
    await byId.close()

    expect(byName.target).toEqual({ scheme: 'docker', name, kind: 'image' })
    expect(byName.image).toMatchObject({ id, tags: [name] })
    expect(byId.image).toMatchObject({ id, tags: [name] })
    expect(byName.problems).toEqual([])
    expect(readdirSync(temporary)).toEqual([])
    await byName.close()
  })

  it('walks the layers, twice', async () => {
    const opened = await openDocker(name, { temporary, environment: {} })
    const passes = [new Map<string, string>(), new Map<string, string>()]

    for (const bodies of passes) {
      const end = await opened.layers[0]?.walk({
        entry: entry => entry.kind === 'file',
        file: (entry, file) => void bodies.set(entry.path, decodeText(file.bytes())),
      })
      expect(end?.problems).toEqual([])
      expect(end?.diffId).toBe(opened.layers[0]?.diffId)
    }
    await opened.close()

    expect(Object.fromEntries(passes[0] ?? [])).toEqual({ 'etc/os-release': 'ID=test\n', 'app/main.txt': 'hello\n' })
    expect(passes[1]).toEqual(passes[0])
  })

  it('takes a bare name that the engine has, and leaves others to the registry', async () => {
    const chosen = async (text: string) => {
      for (const source of imageSources) if (await source.detects(text, {})) return source.id
      return undefined
    }

    expect(await chosen(name)).toBe('docker')
    expect(await chosen('sluice-test/nobody-has-this:1')).toBe('registry')
    expect(await chosen('Not A Name')).toBeUndefined()
    expect(await hasImage('podman', name, { XDG_RUNTIME_DIR: temporary })).toBe(false)
  })

  it('stops when told to', async () => {
    const reason = new Error('enough')

    const pending = openDocker(name, { temporary, environment: {}, signal: AbortSignal.abort(reason) })

    await expect(pending).rejects.toBe(reason)
    expect(readdirSync(temporary)).toEqual([])
  })
})
