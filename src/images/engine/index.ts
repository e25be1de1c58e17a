import type { ImageSource } from '#images/types.ts'

const dockerApi = 'https://docs.docker.com/reference/api/engine/'

/** Images of a Docker engine on this machine, or where `DOCKER_HOST` says. */
export const docker: ImageSource = {
  id: 'docker',
  title: 'Image of a Docker engine',
  spec: dockerApi,
  detects: async (name, environment) => (await import('./open.ts')).hasImage('docker', name, environment ?? {}),
  load: async () => (await import('./open.ts')).openDocker,
}

/** Images of Podman, through its Docker-compatible API. */
export const podman: ImageSource = {
  id: 'podman',
  title: 'Image of Podman',
  spec: 'https://docs.podman.io/en/latest/_static/api.html',
  detects: async (name, environment) => (await import('./open.ts')).hasImage('podman', name, environment ?? {}),
  load: async () => (await import('./open.ts')).openPodman,
}

/** Says how to get an image out of containerd, which has no API that Sluice could ask. */
export const containerd: ImageSource = {
  id: 'containerd',
  title: 'Image of containerd (by its export)',
  spec: 'https://github.com/containerd/containerd/blob/main/api/README.md',
  detects: async () => false,
  load: async () => (await import('./open.ts')).openContainerd,
}
