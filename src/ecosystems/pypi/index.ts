import type { Ecosystem } from '#ecosystems/types.ts'
import { isDeclaredFile, isInstalledFile, isReadEnd, readNames } from './places.ts'

/** Python distributions: what is installed, and in a directory what lock and requirements files name. */
export const pypi: Ecosystem = {
  id: 'pypi',
  title: 'Python packages',
  spec: 'https://packaging.python.org/en/latest/specifications/recording-installed-packages/',
  kind: 'language',
  version: 1,
  wants: (file, mode) => isInstalledFile(file.path) || (mode === 'directory' && isDeclaredFile(file.path)),
  names: readNames,
  mayWantEnd: isReadEnd,
  load: async () => (await import('./catalog.ts')).cataloger,
  loadMatching: async () => (await import('./matching.ts')).matching,
}
