import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ScanResult } from '#model/report.ts'
import { convertToOci } from '#test/images/oci-writer.ts'
import { corpusHome, corpusImage, hasCorpus } from '#test/support/corpus.ts'
import { hasProgram } from '#test/support/engine.ts'
import { hasRegistry, startRegistry, type TestRegistry } from '#test/support/registry.ts'
import { run, sluice } from '#test/support/run.ts'
import { describeWith } from '#test/support/skips.ts'
import { report } from './corpus.ts'

/** The moment of every scan here, so that verdicts can be compared whole. */
const at = ['--at', '2026-11-20T12:00:00Z']

/** What has to be the same for every transport of one image. */
function substance(result: ScanResult): unknown {
  const { verdict, findings, packages, problems, distro, actions, target } = result
  return { verdict, findings, packages, problems, distro, actions, id: target.image!.id, layers: target.image!.layers }
}

describeWith('the corpus, a Docker engine and docker-registry', hasCorpus() && hasRegistry() && hasProgram('docker'))(
  'one image',
  () => {
    const archive = () => corpusImage('node-shop')!
    let folder: string
    let registry: TestRegistry
    let expected: unknown
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'sluice-transports-'))
      registry = await startRegistry()
      mkdirSync(join(folder, 'saved'))
      await run('tar', ['-C', join(folder, 'saved'), '-xf', archive()])
      expected = substance((await report('scan', archive(), at)).report)
    })
    afterAll(async () => {
      await registry?.stop()
      rmSync(folder, { recursive: true, force: true })
    })

    it.each(['none', 'gzip', 'zstd'] as const)(
      'is the same as an OCI layout with %s layers, as folder and as archive',
      async compression => {
        const layout = join(folder, compression)
        await convertToOci(join(folder, 'saved'), layout, compression)
        const packed = await run('tar', ['-C', layout, '-cf', `${layout}.tar`, '.'])

        expect(packed.code).toBe(0)
        expect(substance((await report('scan', layout, at)).report)).toEqual(expected)
        expect(substance((await report('scan', `${layout}.tar`, at)).report)).toEqual(expected)
      },
    )

    it('is the same in a registry', async () => {
      const name = `${registry.host}/shop/web:1`
      await run('docker', ['tag', 'corpus/node-shop:1', name])
      const pushed = await run('docker', ['push', '-q', name])
      await run('docker', ['rmi', name])

      expect(pushed.stderr).toBe('')
      expect(substance((await report('scan', `registry:${name}`, at)).report)).toEqual(expected)
    })

    it('is the same in the engine', async () => {
      const scanned = await report('scan', 'docker:corpus/node-shop:1', at)

      expect(scanned.report.target).toMatchObject({ scheme: 'docker', kind: 'image' })
      expect(substance(scanned.report)).toEqual(expected)
    })

    it('is the same on standard input, compressed as a whole', async () => {
      const file = join(folder, 'stdin.json')
      const input = gzipSync(await readFile(corpusImage('debian12')!), { level: 1 })

      const ended = await sluice(['scan', '-', '--offline', '-o', `json=${file}`, ...at], {
        environment: { SLUICE_HOME: corpusHome },
        input,
      })

      expect(ended.stderr).toBe('')
      const direct = await report('scan', corpusImage('debian12')!, at)
      expect(substance(JSON.parse(await readFile(file, 'utf8')))).toEqual(substance(direct.report))
    })
  },
)
