import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Script } from 'node:vm'
import * as partThreads from '#io/part-threads.ts'

/** Of the bundled program: by the name of a module of `src/cli`, what gives its exports. */
export type Program = Readonly<Record<string, () => unknown>>

/** The bundled program in `folder`, what it was compiled to by the build, and the state that Node starts from. */
export const programFile = 'program.cjs'
export const compiledFile = 'program.bin'
export const snapshotFile = 'node.blob'

/** Modules that the program shares with `main`, since they have something going on before it is loaded. */
const shared: Readonly<Record<string, unknown>> = { '#io/part-threads.ts': partThreads }
export const sharedModules: string[] = Object.keys(shared)

let loaded: Program | undefined

/** The program beside the running file, loaded once. */
export function program(): Program {
  loaded ??= loadProgram(__dirname).program
  return loaded
}

/**
 * Runs the bundled program of `folder` from the code that it was compiled to by the build, where that fits this Node and
 * its flags; else it is compiled anew, function by function as they are called.
 */
export function loadProgram(folder: string): { readonly program: Program; readonly script: Script } {
  const filename = join(folder, programFile)
  // The bundle is ASCII: in Latin-1 it is a string as it lies in the file.
  const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData: readCompiled(folder) })
  const module = { exports: {} as Program }
  script.runInThisContext()(module, filename, requireLate)
  return { program: module.exports, script }
}

function readCompiled(folder: string): Buffer | undefined {
  try {
    return readFileSync(join(folder, compiledFile))
  } catch {
    return undefined
  }
}

/** Modules that Node has loaded by itself when it starts: nothing is won by waiting. */
const early: ReadonlySet<string> = new Set(['node:fs', 'node:path', 'node:url'])

/**
 * A module of Node's, loaded when something of it is first used: `node:crypto` alone takes 5 ms, and no command needs
 * all that the program can use.
 */
function requireLate(name: string): unknown {
  if (Object.hasOwn(shared, name)) return shared[name]
  const full = name.startsWith('node:') ? name : `node:${name}`
  if (early.has(full)) return process.getBuiltinModule(full)
  let found: object | undefined
  const open = () => (found ??= process.getBuiltinModule(full) as object)
  return new Proxy(Object.create(null), {
    get: (_, key) => Reflect.get(open(), key),
    has: (_, key) => Reflect.has(open(), key),
    ownKeys: () => Reflect.ownKeys(open()),
    getOwnPropertyDescriptor: (_, key) => {
      const descriptor = Reflect.getOwnPropertyDescriptor(open(), key)
      return descriptor && { ...descriptor, configurable: true }
    },
  })
}
