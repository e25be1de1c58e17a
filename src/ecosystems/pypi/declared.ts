/** A pinned package as a lock or requirements file names it. */
export interface DeclaredPackage {
  /** As written. */
  readonly name: string
  readonly version: string
  /** True where the file puts it in groups for development only. */
  readonly dev?: boolean
  /** 1-based, where the format has lines. */
  readonly line?: number
}
