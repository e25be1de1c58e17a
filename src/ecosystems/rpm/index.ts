import type { Ecosystem } from '#ecosystems/types.ts'
import { databases, isWanted, readNames } from './places.ts'

/** Installed rpm packages, from every database format that rpm has had. */
export const rpm: Ecosystem = {
  id: 'rpm',
  title: 'RPM packages',
  spec: 'https://rpm-software-management.github.io/rpm/manual/',
  kind: 'system',
  version: 2,
  wants: file => isWanted(file.path),
  names: readNames,
  databases,
  load: async () => (await import('./catalog.ts')).cataloger,
  loadMatching: async () => (await import('./matching.ts')).matching,
}
