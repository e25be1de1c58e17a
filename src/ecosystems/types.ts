import type { AffectedRange } from '#model/advisory.ts'
import type { Distro } from '#model/distro.ts'
import type { Limits } from '#model/limits.ts'
import type { CatalogedPackage, MatchedPackage } from '#model/package.ts'
import type { ProblemCode } from '#model/problem.ts'

/**
 * The contract of the ecosystem family. A plug-in is a folder named by its purl type: `index.ts` is the manifest (data
 * and string tests only, imports nothing heavy), `catalog.ts` reads files and puts packages together, `version.ts`
 * orders versions, `matching.ts` (where needed) tells which names advisories use. All of it is pure: bytes and values
 * in, values out; a throw is caught by the engine and becomes a problem at the file's location.
 */
export interface Ecosystem {
  /** purl type and folder name. */
  readonly id: string
  /** For people: `Debian packages`. */
  readonly title: string
  /** The authoritative description of the format. */
  readonly spec: string
  /** `system`: an operating system's own packages, which own files. `language`: all others. */
  readonly kind: 'system' | 'language'
  /** Changes whenever `read` may answer differently: part of the cache key. */
  readonly version: number
  /**
   * True for files that `read` wants to see. Called for every file of every layer: string and number tests only, no
   * regular expression, no allocation. In an image or root file system only installed state is wanted; in a directory
   * (`mode` is `directory`) lock and manifest files too.
   */
  readonly wants: (file: FileInfo, mode: TreeMode) => boolean
  /** Names that wanted files may have, whatever they end with. */
  readonly names?: readonly string[]
  /**
   * True for an end of names, from the last dot on (`.jar`; empty for names without one), that a wanted file of any name
   * may have. Most files are passed over because their name is none of `names` and nobody may want its end: it is asked
   * once for each end.
   */
  readonly mayWantEnd?: (end: string) => boolean
  /** True for a directory (its path ends with `/`) in which a file of any name may be wanted. */
  readonly mayWantAllIn?: (directory: string) => boolean
  /**
   * Canonical places of package databases (`var/lib/dpkg/status`). Where one of them leads through symbolic links to a
   * file that `wants` did not ask for, the engine reads that file all the same.
   */
  readonly databases?: readonly string[]
  readonly load: () => Promise<Cataloger>
  readonly loadMatching: () => Promise<Matching>
}

export type TreeMode = 'installed' | 'directory'

/** What the tar header or `stat` says of a regular file. */
export interface FileInfo {
  /** No leading `/`; may hold any character but NUL. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** Permission bits, as in `0o755`. */
  readonly mode: number
}

/** A file as a cataloger sees it: bounded random access, wherever the bytes are. */
export interface FileHandle extends FileInfo {
  /** The whole file. Throws `LimitError` above `maxBytes` (default 64 MiB). */
  readonly bytes: (maxBytes?: number) => Uint8Array
  /** Up to `length` bytes from `offset`; shorter at the end, empty past it. */
  readonly read: (offset: number, length: number) => Uint8Array
  /** Raw DEFLATE (RFC 1951), as in zip members. Throws `LimitError` above `maxBytes` of output, `Error` on bad data. */
  readonly inflateRaw: (data: Uint8Array, maxBytes: number) => Uint8Array
}

/** What a reader may ask about the run it is in. */
export interface ReadContext {
  /**
   * True where a language package could be proved by this path, so that an operating system's claim to own it matters.
   * Systems keep only these paths of their file lists.
   */
  readonly mayProve: (path: string) => boolean
  /** Bounds of archives inside archives; default: `defaultLimits`. */
  readonly limits?: Limits
}

/** What one file says. `facts` is plain JSON data: it is cached with the layer. */
export interface FileFacts {
  readonly facts: unknown
  /** How many packages they name, which bounds what is held in memory; default: one. */
  readonly packages?: number
  readonly problems?: readonly FileProblem[]
}

/** A part of one file that could not be read. */
export interface FileProblem {
  readonly code: ProblemCode
  readonly detail: string
  readonly line?: number
}

/** The reader of one ecosystem's files. */
export interface Cataloger {
  /** Reads one wanted file by itself; undefined where it turns out to be of no interest. */
  readonly read: (file: FileHandle, context: ReadContext) => FileFacts | undefined
  /** Puts packages together from the files that survived the squash of all layers. Pure and repeatable. */
  readonly assemble: (tree: Tree) => Assembly
  /**
   * Names the files that have to be seen together: assembling those of one group alone gives the packages and places
   * that they have in the whole tree (licences and the like may differ). Undefined for a file that has no part in what
   * is there. Where a cataloger has no such function, all of its files are one group.
   */
  readonly group?: (file: TreeFile) => string | undefined
}

/** The squashed tree, as far as this ecosystem's `read` saw it. */
export interface Tree {
  readonly mode: TreeMode
  readonly distro: Distro | undefined
  /** Surviving files with facts, sorted by path. */
  readonly files: readonly TreeFile[]
  /** The facts at a path, followed through symbolic links; undefined where there is no such file or no facts. */
  readonly at: (path: string) => TreeFile | undefined
}

export interface TreeFile {
  readonly path: string
  readonly facts: unknown
}

/** What `assemble` gives: packages without layers, and who owns which files. */
export interface Assembly {
  /** Locations carry paths only; the engine adds layers. Order does not matter. */
  readonly packages: readonly CatalogedPackage[]
  readonly problems: readonly (FileProblem & { readonly path: string })[]
  /**
   * `system` ecosystems only: the files of packages. Those that nobody asks for may be left out: most files of a system
   * are nobody else's package.
   */
  readonly owns?: (asked: AskedFiles) => readonly OwnedFile[]
}

/** Files whose owner is asked for. */
export interface AskedFiles {
  /** How they are called: a file of another name is none of them. */
  readonly names: ReadonlySet<string>
  /** True for a path that may lead to one of them. */
  readonly isAsked: (path: string) => boolean
}

/** A file that an operating-system package installed. */
export interface OwnedFile {
  readonly path: string
  /** purl of the owner. */
  readonly owner: string
  /** Digest recorded by the package manager: `md5:<hex>`, `sha1:<hex>`, `sha256:<hex>`; absent where it keeps none. */
  readonly digest?: string
}

/** How an ecosystem's packages meet advisories. */
export interface Matching {
  /** Native version order: negative, 0 or positive; total over all strings, never throws. */
  readonly compare: (a: string, b: string) => number
  /** What to ask the advisory store for. Empty where no advisory can cover the package. */
  readonly queries: (pkg: MatchedPackage, distro: Distro | undefined) => readonly AdvisoryQuery[]
  /** False where a matched range is for another build of the same name (another module stream). Default: true. */
  readonly applies?: (pkg: MatchedPackage, candidate: MatchCandidate) => boolean
  /** A version that an advisory names, as the ecosystem's own tool spells it. Default: as it is. */
  readonly spell?: (pkg: MatchedPackage, version: string) => string
}

/** One question to the advisory store: the name under which advisories know a package, and the version to compare. */
export interface AdvisoryQuery {
  /** OSV ecosystem with release: `npm`, `Debian:12`. */
  readonly ecosystem: string
  readonly name: string
  readonly version: string
}

export interface MatchCandidate {
  readonly advisory: string
  readonly summary?: string
  readonly range?: AffectedRange
}
