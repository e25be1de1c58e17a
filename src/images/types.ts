import type { Limits } from '#model/limits.ts'
import type { Problem } from '#model/problem.ts'
import type { Platform, Target } from '#model/target.ts'

/**
 * The contract of the image family: where bytes come from. A plug-in is named by its scheme (`docker-archive`, `oci`,
 * `registry`, …); the manifest is data plus a cheap `detects`, the rest is behind `load()`.
 */
export interface ImageSource {
  /** The scheme in `scheme:name`. */
  readonly id: string
  readonly title: string
  readonly spec: string
  /**
   * True where a name without a scheme is this source's. Sources are asked in the family's order; may stat, read a few
   * bytes and ask a local engine. The environment names an engine that is elsewhere than usual.
   */
  readonly detects: (name: string, environment?: OpenOptions['environment']) => Promise<boolean>
  readonly load: () => Promise<OpenSource>
}

/** Throws `Failure` where the target cannot be opened at all; what is wrong with a part becomes a problem. */
export type OpenSource = (name: string, options: OpenOptions) => Promise<OpenedTarget>

export interface OpenOptions {
  /** Wanted platform (`linux/arm64/v8`); default: the machine's architecture on linux, else the first. */
  readonly platform?: string
  /** Plain HTTP for these registry hosts (`host[:port]`). */
  readonly insecureRegistries?: readonly string[]
  /** Mirrors by registry (`docker.io`), asked in order before it: `host[:port][/prefix]`. Default: `SLUICE_MIRRORS`. */
  readonly registryMirrors?: ReadonlyMap<string, readonly string[]>
  /** Bounds of one's own instead of the defaults. */
  readonly limits?: Partial<Limits>
  readonly signal?: AbortSignal
  /** Sluice's own folder for spooled files. */
  readonly temporary: string
  /** Environment, given by the program (for `DOCKER_CONFIG`, `DOCKER_HOST`, proxies). */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly progress?: (event: ProgressEvent) => void
}

/** What long work tells: bytes done of bytes known, per thing. */
export interface ProgressEvent {
  /** Stable key of the thing, such as a layer's digest. */
  readonly id: string
  /** For people: `layer 3 of 7`. */
  readonly label: string
  readonly done: number
  readonly total?: number
}

/** A target that is open: its identity, and layers that can be walked. */
export interface OpenedTarget {
  readonly target: Omit<Target, 'image'>
  /** Absent for file systems and directories. */
  readonly image?: OpenedImage
  /** Lowest first. A file system or directory has exactly one, without `diffId`. */
  readonly layers: readonly LayerSource[]
  readonly problems: readonly Problem[]
  /** The caller has nothing else to do than to wait for walks to end: some of what they need may be done by its thread. */
  readonly hasten?: () => void
  readonly close: () => Promise<void>
}

export interface OpenedImage {
  /** Digest of the configuration's bytes. */
  readonly id: string
  readonly digest?: string
  readonly tags: readonly string[]
  readonly platform: Platform
  /** The image configuration, parsed and unchecked (https://github.com/opencontainers/image-spec/blob/main/config.md). */
  readonly config: unknown
}

/** One layer, or the whole tree of a file system. */
export interface LayerSource {
  /** diffID as the configuration claims it. */
  readonly diffId?: string
  /** Digest that the layer's facts are known by, as claimed; every walk verifies it. */
  readonly digest?: string
  /** The layer will be walked soon: starts what takes a while, and what needs nobody to look on. Never throws. */
  readonly prepare?: (signal?: AbortSignal) => void
  /**
   * Reads the layer once, in its own order, and shows every entry. May be called again (a second pass for a file that
   * turned out to matter). Never throws for damaged bytes: what was read stands, the rest is a problem.
   */
  readonly walk: (visitor: LayerVisitor, signal?: AbortSignal) => Promise<LayerEnd>
}

export interface LayerVisitor {
  /** Every entry. True where the body is wanted (regular files only). */
  readonly entry: (entry: TreeEntry) => boolean
  /**
   * True for a file that is not wanted whatever its size and mode, by the directory (empty, or ending with `/`) and the
   * name alone. It has been counted then and need not be shown: a directory of this machine shows the others only.
   */
  readonly passesOver?: (directory: string, name: string) => boolean
  /** A wanted body. Synchronous; the handle is valid only during the call. Must not throw. */
  readonly file: (entry: TreeEntry, file: WalkedFile) => void
  /** All entries have been shown; what is left of the walk is verifying bytes. Not told by every source. */
  readonly shown?: () => void
}

/** Bounded random access to one wanted body (the same shape that ecosystems see). */
export interface WalkedFile {
  readonly path: string
  readonly size: number
  readonly mode: number
  readonly bytes: (maxBytes?: number) => Uint8Array
  readonly read: (offset: number, length: number) => Uint8Array
  readonly inflateRaw: (data: Uint8Array, maxBytes: number) => Uint8Array
}

/** One entry of a layer, its path normalised: `/`-separated, no leading `/` or `./`, no `.` or `..`. */
export interface TreeEntry {
  /** For `whiteout` the path that is removed, for `opaque` the directory that is emptied. */
  readonly path: string
  readonly kind: 'file' | 'directory' | 'symlink' | 'hardlink' | 'whiteout' | 'opaque' | 'other'
  readonly size: number
  readonly mode: number
  /** Symbolic link: the text as written. Hard link: the normalised path of its target. */
  readonly target?: string
  /** Size and mode are looked up when they are asked for, which costs; no hard link leads to this entry. */
  readonly isLazy?: true
}

export interface LayerEnd {
  /** Digest of the uncompressed bytes, where it was made. */
  readonly diffId?: string
  /** What `LayerSource.digest` claims, of the bytes as read; absent where they were not read to their end. */
  readonly digest?: string
  readonly problems: readonly Problem[]
}
