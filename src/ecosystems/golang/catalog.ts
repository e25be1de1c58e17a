import type { Assembly, Cataloger, FileFacts, FileHandle, Tree } from '#ecosystems/types.ts'
import { decodeText } from '#lib/text.ts'
import type { Location } from '#model/location.ts'
import type { CatalogedPackage } from '#model/package.ts'
import { readBuildInfo } from './build-info.ts'
import { parseGoMod } from './go-mod.ts'
import { parseProgramModules } from './modules.ts'
import { isGoMod } from './paths.ts'
import { golangPurl } from './purl.ts'
import { libraryVersion } from './toolchain.ts'

/** Reads the build information of programs, and `go.mod`; joins what they say of one module version. */
export const cataloger: Cataloger = { read, assemble, group: ({ path }) => path }

/** No manifest comes near this. */
const maxManifestBytes = 16 * 1024 * 1024

interface Facts {
  readonly state: CatalogedPackage['state']
  readonly modules: readonly { readonly path: string; readonly version: string; readonly line?: number }[]
}

function read(file: FileHandle): FileFacts | undefined {
  if (isGoMod(file.path)) {
    const { modules, problems } = parseGoMod(decodeText(file.bytes(maxManifestBytes)))
    return { facts: { state: 'declared', modules } satisfies Facts, packages: modules.length, problems }
  }
  const info = readBuildInfo(file.read)
  if (info === undefined) return undefined
  const { path, main, dependencies } = parseProgramModules(info.modules)
  const standard = { path: 'stdlib', version: libraryVersion(info.goVersion) }
  // The Go toolchain's own programs have no module; advisories call all of them `toolchain`.
  const isToolchain = main === undefined && path.startsWith('cmd/')
  const modules = [
    standard,
    ...(isToolchain ? [{ ...standard, path: 'toolchain' }] : []),
    ...(main === undefined ? [] : [main]),
    ...dependencies,
  ]
  return { facts: { state: 'installed', modules } satisfies Facts, packages: modules.length }
}

function assemble(tree: Tree): Assembly {
  const packages = new Map<string, CatalogedPackage & { readonly locations: Location[] }>()
  const installedFirst = (a: Facts, b: Facts): number =>
    Number(b.state === 'installed') - Number(a.state === 'installed')
  const files = (tree.files as readonly { path: string; facts: Facts }[]).toSorted((a, b) =>
    installedFirst(a.facts, b.facts),
  )
  for (const { path: file, facts } of files)
    for (const { path, version, line } of facts.modules) {
      // Not by purl: that has no capitals, module paths do.
      const key = `${path}\0${version}`
      const location = { path: file, ...(line !== undefined && { line }) }
      const known = packages.get(key)
      if (known !== undefined) {
        // A hostile program may name one module any number of times.
        if (known.locations.at(-1)?.path !== file) known.locations.push(location)
      } else
        packages.set(key, {
          purl: golangPurl(path, version),
          type: 'golang',
          name: path,
          version,
          licenses: [],
          state: facts.state,
          locations: [location],
        })
    }
  return { packages: [...packages.values()], problems: [] }
}
