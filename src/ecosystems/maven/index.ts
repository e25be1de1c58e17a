import type { Ecosystem } from '#ecosystems/types.ts'
import { isArchive, isDeclaredFile, isReadEnd } from './places.ts'

/** Java archives and everything inside them, and in a directory what build files name. */
export const maven: Ecosystem = {
  id: 'maven',
  title: 'Java packages',
  spec: 'https://maven.apache.org/pom.html#maven-coordinates',
  kind: 'language',
  version: 1,
  wants: (file, mode) => (isArchive(file.path) && file.size > 0) || (mode === 'directory' && isDeclaredFile(file.path)),
  names: ['pom.xml'],
  mayWantEnd: isReadEnd,
  load: async () => (await import('./catalog.ts')).cataloger,
  loadMatching: async () => (await import('./matching.ts')).matching,
}
