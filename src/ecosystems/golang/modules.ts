import { numberedLines } from '#lib/document-bounds.ts'

/** A module that is part of a program or a project. */
export interface GoModule {
  readonly path: string
  /** With its leading `v`, or `(devel)` where it was built from a folder. */
  readonly version: string
}

/** The module lines of a program's build information. */
export interface ProgramModules {
  /** The import path of the main package; `cmd/go` and its like for the Go toolchain's own programs. */
  readonly path: string
  readonly main?: GoModule
  readonly dependencies: readonly GoModule[]
}

/** What a module built from a folder has for a version. */
const develVersion = '(devel)'

/**
 * Reads the lines that https://pkg.go.dev/runtime/debug#ParseBuildInfo reads. Where a module is replaced, the
 * replacement counts; where a folder replaces it, the module is named with the version `(devel)`. Lines that are not
 * understood are left out.
 */
export function parseProgramModules(text: string): ProgramModules {
  let path = ''
  const modules: { word: 'mod' | 'dep'; module: GoModule }[] = []
  let isReplaceable = false
  for (const [, line] of numberedLines(text)) {
    const [word, ...elements] = line.split('\t')
    const [name, version] = elements
    if (word === 'path' && name !== undefined) path = name
    else if ((word === 'mod' || word === 'dep') && name !== undefined && name !== '' && version !== undefined) {
      modules.push({ word, module: { path: name, version: version === '' ? develVersion : version } })
      isReplaceable = true
    } else if (word === '=>' && isReplaceable && name !== undefined && version !== undefined) {
      const last = modules[modules.length - 1]!
      last.module = replacement(last.module, { path: name, version })
      isReplaceable = false
    }
  }
  const main = modules.findLast(({ word }) => word === 'mod')?.module
  const dependencies = modules.filter(({ word }) => word === 'dep').map(({ module }) => module)
  return { path, ...(main !== undefined && { main }), dependencies }
}

/** True where a replacement is a folder and no module: it begins with `./`, `../`, `/` or a drive. */
export function isFolder(path: string): boolean {
  return (
    path === '.' ||
    path === '..' ||
    ['./', '../', '.\\', '..\\', '/', '\\'].some(start => path.startsWith(start)) ||
    /^[A-Za-z]:/.test(path)
  )
}

function replacement(original: GoModule, by: GoModule): GoModule {
  if (isFolder(by.path)) return { path: original.path, version: develVersion }
  return { path: by.path, version: by.version === '' ? develVersion : by.version }
}
