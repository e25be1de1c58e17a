import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { root } from '#test/architecture/sources.ts'
import { run } from '#test/support/run.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-isolation-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What code would try that got into the process; run in place of Sluice's own, by the same launcher. */
const intruder = `
import { appendFileSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { connect } from 'node:net'
import { Worker } from 'node:worker_threads'

const [folder, report] = [process.env.INTRUDER_FOLDER, process.env.INTRUDER_REPORT]
const home = process.env.SLUICE_HOME
const outcome = {}
const attempt = async (name, deed) => {
  try { await deed(); outcome[name] = 'done' } catch (error) { outcome[name] = error.code ?? error.name }
}
const inWorker = code => new Promise((resolve, reject) => {
  new Worker(code, { eval: true, workerData: folder }).on('error', reject).on('exit', resolve)
})
await attempt('write in the home', () => { mkdirSync(home + '/cache/facts', { recursive: true }); writeFileSync(home + '/cache/facts/x', '') })
await attempt('write the report', () => writeFileSync(report, 'report'))
await attempt('write beside the home', () => writeFileSync(home + '-beside', ''))
await attempt('write above the home', () => writeFileSync(home + '/../above', ''))
await attempt('write elsewhere', () => writeFileSync(folder + '/elsewhere', ''))
await attempt('append to the profile', () => appendFileSync(process.env.HOME + '/.profile', 'evil'))
await attempt('link out of the home', () => symlinkSync(folder, home + '/way-out'))
await attempt('link into the home', () => linkSync(folder + '/secret', home + '/secret'))
await attempt('write in a thread', () => inWorker("require('node:fs').writeFileSync(require('node:worker_threads').workerData + '/thread', '')"))
await attempt('start a program', () => { const { error } = spawnSync('touch', [folder + '/started']); if (error) throw error })
await attempt('load a library', () => process.dlopen({ exports: {} }, folder + '/evil.node'))
await attempt('open the debugger', () => process.getBuiltinModule('node:inspector').open(0))
await attempt('run text', () => (0, eval)('1'))
await attempt('make a function of text', () => new Function('return 1')())
await attempt('reach the prototype', () => { ({}).__proto__.polluted = 1 })
await attempt('connect', () => new Promise((resolve, reject) => {
  connect(Number(process.env.INTRUDER_PORT), '127.0.0.1').on('connect', function () { this.destroy(); resolve() }).on('error', reject)
}))
process.stdout.write(JSON.stringify(outcome))
`

/** The launcher as it is, before sources that are not Sluice's; there is no bundle. */
function plant(): string {
  const planted = join(folder, 'planted')
  if (existsSync(planted)) return planted
  for (const part of ['node_modules/.bin', 'src/cli']) mkdirSync(join(planted, part), { recursive: true })
  copyFileSync(join(root, 'sluice'), join(planted, 'sluice'))
  writeFileSync(join(planted, 'package-lock.json'), '{}')
  writeFileSync(join(planted, 'package.json'), '{"type":"module"}')
  writeFileSync(join(planted, 'node_modules/.package-lock.json'), '{}')
  symlinkSync(join(root, 'node_modules/.bin/node'), join(planted, 'node_modules/.bin/node'))
  writeFileSync(join(planted, 'src/cli/main.ts'), intruder)
  return planted
}

interface Setting {
  readonly isolation?: string
  /** Text of Docker's configuration. */
  readonly docker?: string
  /** The first run has no home yet. */
  readonly homeless?: boolean
  readonly port?: number
}

let runs = 0
/** What each attempt came to, and what was written; `words` may name the report as REPORT. */
async function intrude(words: readonly string[], setting: Setting = {}) {
  const cage = join(folder, String(++runs))
  const [user, home, report] = [join(cage, 'user'), join(cage, 'home'), join(cage, 'a=report, 1.json')]
  for (const part of [join(user, '.docker'), ...(setting.homeless ? [] : [home])]) mkdirSync(part, { recursive: true })
  for (const name of ['secret', 'evil.node']) writeFileSync(join(cage, name), '')
  if (setting.docker !== undefined) writeFileSync(join(user, '.docker/config.json'), setting.docker)
  const ended = await run(
    join(plant(), 'sluice'),
    words.map(word => word.replace('REPORT', report)),
    {
      cwd: cage,
      environment: {
        HOME: user,
        SLUICE_HOME: home,
        SLUICE_ISOLATION: setting.isolation,
        ...Object.fromEntries(['DOCKER_CONFIG', 'DOCKER_AUTH_CONFIG', 'REGISTRY_AUTH_FILE'].map(name => [name])),
        XDG_CONFIG_HOME: undefined,
        XDG_RUNTIME_DIR: undefined,
        NODE_OPTIONS: undefined,
        INTRUDER_FOLDER: cage,
        INTRUDER_REPORT: report,
        INTRUDER_PORT: String(setting.port ?? 1),
      },
    },
  )
  const outcome: Readonly<Record<string, string>> = ended.stdout === '' ? {} : JSON.parse(ended.stdout)
  const written = ['elsewhere', 'above', 'home-beside', 'thread', 'started', 'user/.profile']
  return { ...ended, outcome, written: written.filter(name => existsSync(join(cage, name))), report }
}

const denied = 'ERR_ACCESS_DENIED'
const reading = ['write beside the home', 'write above the home', 'write elsewhere', 'append to the profile']
const links = ['link out of the home', 'link into the home', 'write in a thread']

describe('code that got into the process', () => {
  it.each([
    ['scan', 'image.tar', '-o', 'table', '-o', 'json=REPORT'],
    ['sbom', '-ojson=REPORT', 'image.tar'],
    ['sbom', '--output=json=REPORT', 'image.tar'],
    ['feeds', 'update', '--from', 'dir=REPORT'],
  ])('has few rights: %s %s %s', async (...words) => {
    const { outcome, written, report, stderr } = await intrude(words)

    expect(outcome).toMatchObject({ 'write in the home': 'done', 'write the report': 'done' })
    for (const name of [...reading, ...links, 'start a program', 'open the debugger'])
      expect(outcome[name], name).toBe(denied)
    expect(outcome['load a library']).toBe('ERR_DLOPEN_DISABLED')
    expect(written).toEqual([])
    expect(readFileSync(report, 'utf8')).toBe('report')
    expect(stderr).toBe('')
  })

  it('writes no report that was not named', async () => {
    const { outcome } = await intrude(['scan', 'image.tar', '-o', 'json'])

    expect(outcome).toMatchObject({ 'write in the home': 'done', 'write the report': denied })
  })

  it.each([['scan', 'x'], ['policy', 'show'], ['--version']])(
    'reaches no prototype by a name: %s',
    async (...words) => {
      const { outcome } = await intrude(words)

      expect(outcome['reach the prototype']).toBe('TypeError')
    },
  )

  it.each([
    ['{"credsStore": "desktop"}', 'done'],
    ['{\n  "credHelpers": {"gcr.io": "gcloud"}}', 'done'],
    ['{"auths": {}}', denied],
  ])('starts programs only where credential helpers are: %s', async (docker, expected) => {
    const { outcome } = await intrude(['scan', 'image'], { docker })

    expect(outcome['start a program']).toBe(expected)
  })

  it('makes the home in the first run, and nothing beside it', async () => {
    const { outcome, written } = await intrude(['scan', 'image'], { homeless: true })

    expect(outcome['write in the home']).toBe('done')
    for (const name of [...reading, ...links, 'start a program']) expect(outcome[name], name).toBe(denied)
    expect(written).toEqual([])
  })

  it('has all rights where the user says so', async () => {
    const { outcome } = await intrude(['scan', 'image'], { isolation: 'off' })

    expect(outcome).toMatchObject({ 'write elsewhere': 'done', 'start a program': 'done' })
  })

  it('is not run where the user asks for something unknown', async () => {
    const { code, stderr } = await intrude(['scan', 'image'], { isolation: 'yes' })

    expect([code, stderr]).toEqual([2, "sluice: SLUICE_ISOLATION is auto, on or off, not 'yes'.\n"])
  })

  it('has no network where the user asks for that, or is not run', async () => {
    const { createServer } = await import('node:net')
    const server = createServer(socket => socket.destroy())
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }

    const open = await intrude(['scan', 'image'], { port })
    const closed = await intrude(['scan', 'image', '-o', 'json=REPORT'], { port, isolation: 'on', homeless: true })
    server.close()

    expect(open.outcome.connect).toBe('done')
    if (closed.code === 2) {
      console.warn('SKIPPED: no network of its own can be had here, which needs unshare and the right to use it')
      expect(closed.stderr).toContain('cannot take the network')
      expect(closed.stdout).toBe('')
      return
    }
    expect(closed.outcome.connect).toMatch(/^E(?:NETUNREACH|CONNREFUSED|ADDRNOTAVAIL)$/)
    expect(closed.outcome).toMatchObject({ 'write in the home': 'done', 'write the report': 'done' })
    expect(closed.outcome).toMatchObject({ 'write elsewhere': denied, 'start a program': denied })
    expect(closed.outcome).toMatchObject({ 'run text': 'EvalError', 'make a function of text': 'EvalError' })
  })
})

describe('Sluice without rights', () => {
  it.each(['auto', 'on', 'off'])('scans as ever: %s', async isolation => {
    const target = join(folder, 'shop')
    mkdirSync(target, { recursive: true })
    writeFileSync(
      join(target, 'package-lock.json'),
      '{"lockfileVersion":3,"packages":{"node_modules/sound":{"version":"1.0.0"}}}',
    )
    const report = join(folder, `${isolation}.json`)

    const ended = await run(join(root, 'sluice'), ['sbom', target, '-o', `json=${report}`], {
      environment: { SLUICE_HOME: join(folder, 'own'), SLUICE_ISOLATION: isolation },
    })

    if (isolation === 'on' && ended.stderr.includes('cannot take the network')) return
    expect([ended.code, ended.stderr]).toEqual([0, ''])
    expect(JSON.parse(readFileSync(report, 'utf8')).packages).toMatchObject([{ name: 'sound' }])
  })
})
