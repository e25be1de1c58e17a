import type { Ecosystem } from '#ecosystems/types.ts'
import { isInstalledManifest, isLockFile, isPlugAndPlay, readNames } from './paths.ts'

/** Node modules, as npm, Yarn, pnpm and Bun install or lock them. */
export const npm: Ecosystem = {
  id: 'npm',
  title: 'Node.js packages',
  spec: 'https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json',
  kind: 'language',
  version: 2,
  wants: (file, mode) =>
    isInstalledManifest(file.path) || isPlugAndPlay(file.path) || (mode === 'directory' && isLockFile(file.path)),
  names: readNames,
  load: async () => (await import('./catalog.ts')).cataloger,
  loadMatching: async () => (await import('./matching.ts')).matching,
}
