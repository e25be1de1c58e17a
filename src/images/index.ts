import { containerd, docker, podman } from './engine/index.ts'
import { registry } from './registry/index.ts'
import type { ImageSource } from './types.ts'

const layoutSpec = 'https://github.com/opencontainers/image-spec/blob/main/image-layout.md'

/** Every image source, in the order in which a name without a scheme is offered to them. */
export const imageSources: readonly ImageSource[] = [
  {
    id: 'stdin',
    title: 'Image archive on standard input',
    spec: 'https://github.com/moby/docker-image-spec',
    detects: async name => name === '-',
    load: async () => (await import('./stdin.ts')).open,
  },
  {
    id: 'docker-archive',
    title: 'Image archive written by docker save',
    spec: 'https://github.com/moby/docker-image-spec',
    detects: async name => (await import('./archive.ts')).isArchive(name, 'docker-archive'),
    load: async () => (await import('./archive.ts')).openDocker,
  },
  {
    id: 'oci-archive',
    title: 'OCI image layout in a tar archive',
    spec: layoutSpec,
    detects: async name => (await import('./archive.ts')).isArchive(name, 'oci-archive'),
    load: async () => (await import('./archive.ts')).openOci,
  },
  {
    id: 'oci',
    title: 'OCI image layout in a directory',
    spec: layoutSpec,
    detects: async name => (await import('./oci.ts')).isLayout(name),
    load: async () => (await import('./oci.ts')).open,
  },
  {
    id: 'rootfs',
    title: 'Root file system of an operating system',
    spec: 'https://www.freedesktop.org/software/systemd/man/latest/os-release.html',
    detects: async name => (await import('./rootfs.ts')).isSystemRoot(name),
    load: async () => (await import('./rootfs.ts')).open,
  },
  {
    id: 'dir',
    title: 'Directory of sources or build output, or one file',
    spec: 'https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap04.html',
    detects: async name => (await (await import('./locate.ts')).kindOf(name)) !== undefined,
    load: async () => (await import('./dir.ts')).open,
  },
  docker,
  podman,
  containerd,
  registry,
]
