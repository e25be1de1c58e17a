/** An OCI platform. */
export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
}

/** What was assessed, as named and as found. */
export interface Target {
  /** The scheme that was used, chosen or given: `docker-archive`, `oci`, `registry`, `rootfs`, `dir`, … */
  readonly scheme: string
  /** The target as the user named it, without the scheme. */
  readonly name: string
  /** `image` has layers and a configuration; `filesystem` is an operating system's root; `directory` is source or build output. */
  readonly kind: 'image' | 'filesystem' | 'directory'
  readonly image?: ImageIdentity
}

/** What identifies an image and what its configuration says that reports and policies use. */
export interface ImageIdentity {
  /** Digest of the image configuration, `sha256:<hex>`: the same for every transport of the image. */
  readonly id: string
  /** Digest of the manifest, where the transport has one (a classic docker archive has none). */
  readonly digest?: string
  /** Names (`registry.example.com/shop/web:1`) known for it. */
  readonly tags: readonly string[]
  readonly platform: Platform
  readonly layers: readonly ImageLayer[]
  readonly labels: Readonly<Record<string, string>>
  readonly created?: string
}

/** A layer as the configuration names it. */
export interface ImageLayer {
  /** sha256 of the uncompressed layer. */
  readonly diffId: string
  /** Build step that made it. */
  readonly step?: string
  /** True where the layer is thought to be the base image's. */
  readonly base: boolean
}
