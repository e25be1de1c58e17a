import type { ImageSource } from '#images/types.ts'

/** Images in registries, by the OCI distribution protocol. Takes every name that is a reference, so it is asked last. */
export const registry: ImageSource = {
  id: 'registry',
  title: 'Image in a registry',
  spec: 'https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md',
  detects: async name => (await import('./reference.ts')).isReference(name),
  load: async () => (await import('./open.ts')).openRegistryImage,
}
