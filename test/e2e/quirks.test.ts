import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Package } from '#model/package.ts'
import { hasCorpus } from '#test/support/corpus.ts'
import { hasProgram } from '#test/support/engine.ts'
import { run } from '#test/support/run.ts'
import { describeWith } from '#test/support/skips.ts'
import { ofType, report, type Scanned } from './corpus.ts'

/** Images that builds really make, each by a Dockerfile without context, on a base that is built first. */
const recipes = {
  base: `FROM corpus/debian12:1
    RUN apt-get update && apt-get install -y --no-install-recommends python3-yaml node-semver
    CMD ["python3"]`,
  steps: `FROM quirks/base:1
    RUN apt-get install -y --no-install-recommends jq
    RUN apt-get install -y --no-install-recommends python3-six && dpkg -P jq
    RUN apt-get install -y --no-install-recommends jq
    CMD ["sh"]`,
  chown: `FROM quirks/base:1
    RUN chown -R 1000:1000 /usr/lib/python3 /usr/share/nodejs && chmod -R g+w /usr/share/nodejs`,
  copied: `FROM quirks/base:1
    RUN cp -r /usr/share/nodejs /tmp/copy && rm -rf /usr/share/nodejs && cp -r /tmp/copy /usr/share/nodejs && rm -rf /tmp/copy`,
  overwritten: `FROM quirks/base:1
    RUN sed -i 's/^Version: .*/Version: 5.3/' /usr/lib/python3/dist-packages/PyYAML-*.dist-info/METADATA
    RUN sed -i 's/"version": *"[^"]*"/"version":"5.0.0"/' /usr/share/nodejs/semver/package.json`,
  second: `FROM quirks/base:1
    RUN mkdir -p /srv/app/node_modules && cp -r /usr/share/nodejs/semver /srv/app/node_modules/semver`,
  moved: `FROM quirks/base:1
    RUN mv /var/lib/dpkg /opt/packages && ln -s ../../opt/packages /var/lib/dpkg && mv /opt/packages/status /opt/current && ln -s ../current /opt/packages/status
    RUN rm -rf /var/cache/apt`,
  linked: `FROM corpus/debian12:1
    RUN mkdir -p /store/node_modules/a /srv/node_modules/a && printf '{"name":"a","version":"1.0.0"}' >/store/node_modules/a/package.json && ln /store/node_modules/a/package.json /srv/node_modules/a/package.json
    RUN rm -rf /srv/node_modules/../../store`,
  emptied: `FROM corpus/debian12:1
    RUN mkdir -p /srv/node_modules/a /srv/node_modules/b && printf '{"name":"a","version":"1.0.0"}' >/srv/node_modules/a/package.json && printf '{"name":"b","version":"1.0.0"}' >/srv/node_modules/b/package.json
    RUN rm -rf /srv/node_modules && mkdir -p /srv/node_modules/b && printf '{"name":"b","version":"2.0.0"}' >/srv/node_modules/b/package.json`,
  replaced: `FROM corpus/debian12:1
    RUN mkdir -p /srv/node_modules/a /opt/modules/c && printf '{"name":"a","version":"1.0.0"}' >/srv/node_modules/a/package.json
    RUN rm -rf /srv/node_modules && ln -s /opt/node_modules /srv/node_modules && mkdir -p /opt/node_modules/c && printf '{"name":"c","version":"3.0.0"}' >/opt/node_modules/c/package.json
    RUN mkdir -p /srv/node_modules/d && printf '{"name":"d","version":"4.0.0"}' >/srv/node_modules/d/package.json`,
  nameless: `FROM corpus/debian12:1
    RUN rm -f /etc/os-release /usr/lib/os-release /etc/debian_version /etc/dpkg/origins/*`,
  blind: `FROM corpus/debian12:1
    RUN rm -rf /var/lib/dpkg`,
} as const

type RecipeName = keyof typeof recipes

const image = (name: RecipeName) => `quirks/${name}:1`

describeWith('the corpus and a Docker engine', hasCorpus() && hasProgram('docker'))(
  'images as builds make them',
  () => {
    let folder: string
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'sluice-quirks-'))
      for (const [name, recipe] of Object.entries(recipes)) {
        const words = ['build', '-q', '--network=host', '-t', image(name as RecipeName), '-']
        const built = await run('docker', words, { input: recipe, environment: { DOCKER_BUILDKIT: '0' } })
        if (built.code !== 0) throw new Error(`${name} could not be built: ${built.stdout}${built.stderr}`)
        const saved = await run('docker', ['save', '-o', join(folder, `${name}.tar`), image(name as RecipeName)])
        if (saved.code !== 0) throw new Error(`${name} could not be saved: ${saved.stderr}`)
      }
    })
    afterAll(async () => {
      await run('docker', ['rmi', '--force', ...Object.keys(recipes).map(name => image(name as RecipeName))])
      rmSync(folder, { recursive: true, force: true })
    })

    const archive = (name: RecipeName) => join(folder, `${name}.tar`)
    const inventory = (name: RecipeName) => report('sbom', archive(name))

    it.each(['steps', 'chown', 'overwritten'] as const)('%s: lists what dpkg-query does', async name => {
      expect(debOf(await inventory(name))).toEqual(await installed(image(name)))
    })

    it('says which step brought each package', async () => {
      const { report: result } = await inventory('steps')

      const broughtBy = (name: string) => result.packages.find(found => found.name === name)?.introduced
      expect(broughtBy('dpkg')).toMatchObject({ layer: 0, base: true })
      expect(broughtBy('python3-yaml')).toMatchObject({ layer: 1, base: true })
      expect(broughtBy('python3-six')).toMatchObject({ layer: 3, base: false })
      // Removed by the step between: the reinstallation is what brought it.
      expect(broughtBy('jq')).toMatchObject({ layer: 4, base: false })
      expect(broughtBy('jq')!.step).toContain('install -y --no-install-recommends jq')
    })

    it.each(['base', 'chown', 'copied'] as const)(
      "%s: leaves Debian's Python and Node packages to Debian",
      async name => {
        const { report: result } = await report('scan', archive(name))

        const semver = theOnly(ofType(result, 'npm'), 'semver')
        const yaml = theOnly(ofType(result, 'pypi'), 'pyyaml')
        expect(semver.owner).toMatch(/^pkg:deb\/debian\/node-semver@/)
        expect(yaml.owner).toMatch(/^pkg:deb\/debian\/python3-yaml@/)
        const judged = result.findings.map(finding => (finding.kind === 'vulnerability' ? finding.package : ''))
        expect(judged).not.toContain(semver.purl)
        expect(judged).not.toContain(yaml.purl)
      },
    )

    it("does not take for Debian's what was written over it", async () => {
      const { report: result } = await report('scan', archive('overwritten'))

      const semver = theOnly(ofType(result, 'npm'), 'semver')
      const yaml = theOnly(ofType(result, 'pypi'), 'pyyaml')
      expect([semver.version, semver.owner, semver.introduced!.layer]).toEqual(['5.0.0', undefined, 3])
      expect([yaml.version, yaml.owner, yaml.introduced!.layer]).toEqual(['5.3', undefined, 2])
      const ids = result.findings.flatMap(finding =>
        finding.kind === 'vulnerability' && [semver.purl, yaml.purl].includes(finding.package)
          ? [finding.vulnerability.id]
          : [],
      )
      // Fixed in PyYAML 5.4 and in semver 5.7.2.
      expect(ids).toEqual(expect.arrayContaining(['CVE-2020-14343', 'CVE-2022-25883']))
    })

    it("does not take the application's copy for Debian's, where both are one version", async () => {
      const { report: result } = await report('scan', archive('second'))

      const semver = theOnly(ofType(result, 'npm'), 'semver')
      expect(semver.locations).toHaveLength(2)
      expect(semver.owner).toBeUndefined()
      expect(result.findings.some(found => found.kind === 'vulnerability' && found.package === semver.purl)).toBe(true)
    })

    it('reads a package database that was moved, twice over', async () => {
      const [moved, plain] = await Promise.all([inventory('moved'), inventory('base')])

      expect(moved.report.problems).toEqual([])
      expect(debOf(moved)).toEqual(debOf(plain))
      expect(theOnly(ofType(moved.report, 'deb'), 'dpkg').introduced).toMatchObject({ layer: 2 })
    })

    it.each([
      ['linked', ['a@1.0.0 srv/node_modules/a/package.json']],
      ['emptied', ['b@2.0.0 srv/node_modules/b/package.json']],
      ['replaced', ['c@3.0.0 opt/node_modules/c/package.json', 'd@4.0.0 opt/node_modules/d/package.json']],
    ] as const)('%s: sees what a container sees', async (name, expected) => {
      const { code, report: result } = await inventory(name)

      const found = ofType(result, 'npm').map(item => `${item.name}@${item.version} ${item.locations[0]!.path}`)
      expect(found).toEqual(expected)
      expect(code).toBe(0)
    })

    describe('what cannot be seen', () => {
      it.each([
        ['nameless', 'unknown-distribution'],
        ['blind', 'missing'],
      ] as const)('%s: is incomplete, %s', async (name, reason) => {
        const { code, report: result } = await report('scan', archive(name))

        expect(code).toBe(3)
        expect(result.verdict).toMatchObject({ status: 'incomplete', blocks: true })
        expect(result.problems.map(problem => problem.code)).toEqual([reason])
      })
    })
  },
)

function theOnly(packages: readonly Package[], name: string): Package {
  const found = packages.filter(item => item.name === name)
  expect(found).toHaveLength(1)
  return found[0]!
}

function debOf({ report: result }: Scanned): readonly string[] {
  return ofType(result, 'deb')
    .map(({ name, version, arch }) => `${name} ${version} ${arch}`)
    .sort()
}

async function installed(name: string): Promise<readonly string[]> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
  const format = '${db:Status-Status} ${Package} ${Version} ${Architecture}\n'
  const listed = await run('docker', ['run', '--rm', '--network=none', name, 'dpkg-query', '-W', '-f', format])
  return listed.stdout
    .split('\n')
    .filter(line => line.startsWith('installed '))
    .map(line => line.slice('installed '.length))
    .sort()
}
