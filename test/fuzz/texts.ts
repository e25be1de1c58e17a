import { ecosystems } from '#ecosystems/index.ts'
import type { Matching } from '#ecosystems/types.ts'
import { compareSemver } from '#lib/semver.ts'
import { identifyDistro, osvEcosystems, purlDistro, supportProduct } from '#model/distro.ts'
import { parseOsRelease } from '#model/distro-os-release.ts'
import { formatPurl, parsePurl } from '#model/purl.ts'
import { type FuzzTarget, promise } from '#tools/fuzz/target.ts'
import { holdOrder } from './reader-target.ts'
import { fixturesIn, textOf } from './seeds.ts'

const versions = [
  '1:2.3-4+deb12u1|2.3~rc1-1',
  '1.2.3-alpha.1+b|1.2.3',
  '1.2_p1-r0|1.2_rc1-r3',
  '1.0.post1.dev2|1!2.0a1',
  '1.0-SNAPSHOT|1.0-alpha-1',
  'v0.0.0-20200101000000-abcdef012345|v1.2.3+incompatible',
]

/** Short texts that everything depends on: names, versions, the distribution. */
export const textTargets: readonly FuzzTarget[] = [
  {
    name: 'os-release',
    covers: ['model/distro'],
    seeds: () => fixturesIn('model/fixtures/os-release'),
    words: ['\nID=', '\nVERSION_ID=', '\nID_LIKE=', '"', "'", '\\', '$', '\n#'],
    throws: 'never',
    run: bytes => {
      const text = textOf(bytes)
      parseOsRelease(text)
      const distro = identifyDistro(
        new Map([
          ['etc/os-release', text],
          ['etc/debian_version', text.slice(0, 40)],
        ]),
      )
      if (distro === undefined) return
      osvEcosystems(distro)
      supportProduct(distro)
      purlDistro(distro)
    },
  },
  {
    name: 'purl',
    covers: ['model/purl'],
    seeds: () => [
      'pkg:deb/debian/libc6@2.36-9%2Bdeb12u1?arch=amd64&distro=debian-12#sub/path',
      'pkg:npm/%40scope/a@1.0.0',
      'pkg:golang/example.com/a/b@v1',
    ],
    words: ['pkg:', '%', '%40', '@', '?', '#', '/', '&', '='],
    throws: 'never',
    run: bytes => {
      const purl = parsePurl(textOf(bytes))
      if (purl === undefined) return
      const again = parsePurl(formatPurl(purl))
      promise(
        again?.name === purl.name && again?.version === (purl.version || undefined),
        'a purl reads otherwise when written again',
      )
    },
  },
  {
    name: 'semver',
    covers: ['lib/semver'],
    seeds: () => versions,
    words: ['.', '-', '+', 'v', '0', '99999999999999999999'],
    throws: 'never',
    run: bytes => {
      const [a = '', b = ''] = textOf(bytes).split('|')
      holdOrder(compareSemver, a, b)
    },
  },
  ...ecosystems.map(({ id, loadMatching }): FuzzTarget => {
    let loaded: Promise<Matching> | undefined
    return {
      name: `version-${id}`,
      covers: [`ecosystems/${id}/version`],
      seeds: () => versions,
      words: [
        '.',
        '-',
        '+',
        '~',
        '^',
        ':',
        '_',
        'alpha',
        'rc',
        'post',
        'dev',
        'SNAPSHOT',
        '-r1',
        '0',
        '99999999999999999999',
      ],
      maxLength: 20_000,
      throws: 'never',
      run: async bytes => {
        loaded ??= loadMatching()
        const { compare } = await loaded
        const [a = '', b = ''] = textOf(bytes).split('|')
        holdOrder(compare, a, b)
      },
    }
  }),
]
