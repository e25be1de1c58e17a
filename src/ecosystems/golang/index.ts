import type { Ecosystem } from '#ecosystems/types.ts'
import { isGoMod, isProgram, isProgramEnd } from './paths.ts'

/** Go modules, in compiled programs and in `go.mod`. */
export const golang: Ecosystem = {
  id: 'golang',
  title: 'Go modules',
  spec: 'https://pkg.go.dev/debug/buildinfo',
  kind: 'language',
  version: 1,
  wants: (file, mode) => isProgram(file) || (mode === 'directory' && isGoMod(file.path)),
  names: ['go.mod'],
  mayWantEnd: isProgramEnd,
  load: async () => (await import('./catalog.ts')).cataloger,
  loadMatching: async () => (await import('./matching.ts')).matching,
}
