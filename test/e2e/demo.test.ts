import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeDemoImage } from '#cli/demo-image.ts'
import type { ScanResult } from '#model/report.ts'
import { root } from '#test/architecture/sources.ts'
import { sluice } from '#test/support/run.ts'
import { drawDemo } from '#tools/draw-demo.ts'

/** An address that nothing listens on: whatever asks the network fails. */
const nowhere = 'http://127.0.0.1:9'

describe('sluice demo', () => {
  let folder: string
  let environment: Readonly<Record<string, string>>
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-demo-'))
    const proxies = { HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere, http_proxy: nowhere, https_proxy: nowhere }
    environment = { SLUICE_HOME: join(folder, 'home'), NO_PROXY: '', no_proxy: '', FORCE_COLOR: '', ...proxies }
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('scans an image that it made, with no network, and ends with 0', async () => {
    const ended = await sluice(['demo'], { environment })

    expect(ended).toMatchObject({ code: 0, stderr: '' })
    for (const expected of ['FAIL', 'CVE-2023-4863', 'libwebp', '1.2.4-0.2+deb12u1', 'minimist', '1.2.6'])
      expect(ended.stdout).toContain(expected)
    expect(ended.stdout).toContain('exit code 1; the demo ends with 0')
    expect(ended.stdout).toMatch(/judged as of \d{4}-\d\d-\d\d/)
    expect(ended.stdout).toContain('sluice scan')
  })

  it('prints the same every time', async () => {
    const first = await sluice(['demo'], { environment })

    expect((await sluice(['demo'], { environment })).stdout).toBe(first.stdout)
  })

  it('leaves nothing behind', async () => {
    await sluice(['demo'], { environment })

    expect(() => readFileSync(join(folder, 'home', 'data', 'advisories', 'store.json'))).toThrow()
  })

  it('prints the report alone where it is to be quiet', async () => {
    const ended = await sluice(['demo', '--quiet'], { environment })

    expect(ended.stdout).not.toContain('put together')
    expect(ended.stdout).toContain('shop:demo')
  })

  it('refuses a folder that holds something, and a target', async () => {
    for (const words of [
      ['demo', '--keep', join(root, 'demo')],
      ['demo', 'nginx'],
    ]) {
      const ended = await sluice(words, { environment })
      expect(ended).toMatchObject({ code: 2, stdout: '' })
    }
  })

  it('is what the picture in README.md shows: npm run picture', () => {
    expect(readFileSync(join(root, 'docs', 'images', 'demo.svg'), 'utf8')).toBe(drawDemo())
  })

  describe('kept in a folder', () => {
    let kept: string
    let rescan: (image: string) => Promise<{ readonly code: number | null; readonly report: ScanResult }>
    beforeAll(async () => {
      kept = join(folder, 'kept')
      const ended = await sluice(['demo', '--keep', kept], { environment })
      const hint = /SLUICE_HOME=(\S+) .*scan (\S+) --offline --at (\S+)/.exec(ended.stdout)!
      expect(hint[2]).toBe(join(kept, 'image.tar'))
      rescan = async image => {
        const words = ['scan', image, '--offline', '--at', hint[3]!, '-o', 'json']
        const scanned = await sluice(words, { environment: { ...environment, SLUICE_HOME: hint[1]! } })
        return { code: scanned.code, report: JSON.parse(scanned.stdout) }
      }
    })

    it('can be scanned again by hand, with the exit code that it told', async () => {
      const { code, report } = await rescan(join(kept, 'image.tar'))

      expect(code).toBe(1)
      expect(report.packages.map(({ name }) => name).sort()).toEqual(packages)
      expect(report.target.kind).toBe('image')
      expect(report.advisories).toMatchObject({ consulted: ['Debian:12', 'npm'], missing: [] })
      expect(flawsOf(report, 'ms')).toEqual([])
      expect(flawsOf(report, 'minimist')).toEqual(['CVE-2021-44906'])
    })

    it.each([
      ['app/srv/shop/node_modules/minimist/package.json', '"1.2.5"', '"1.2.6"', 'minimist'],
      ['base/var/lib/dpkg/status', '1.2.4-0.2', '1.2.4-0.2+deb12u1', 'libwebp7'],
    ])('finds nothing in %s once it has the fixed version', async (file, old, fixed, name) => {
      const copy = mkdtempSync(join(folder, 'image-'))
      cpSync(join(root, 'demo', 'image'), copy, { recursive: true })
      writeFileSync(join(copy, file), readFileSync(join(copy, file), 'utf8').replace(old, fixed))
      await writeDemoImage(copy, `${copy}.tar`)

      const before = await rescan(join(kept, 'image.tar'))
      const after = await rescan(`${copy}.tar`)

      expect(flawsOf(before.report, name)).toHaveLength(1)
      expect(flawsOf(after.report, name)).toEqual([])
      expect(after.report.findings).toHaveLength(before.report.findings.length - 1)
    })
  })
})

const packages = [
  ...['base-files', 'ejs', 'libc-bin', 'libc6', 'libnghttp2-14', 'libssl3', 'libwebp7', 'lodash', 'minimist', 'ms'],
  ...['openssl', 'zlib1g'],
]

/** Flaws found in the packages of a name. */
function flawsOf({ findings }: ScanResult, name: string): readonly string[] {
  return findings.flatMap(finding =>
    finding.kind === 'vulnerability' && finding.package.includes(`/${name}@`) ? [finding.vulnerability.id] : [],
  )
}
