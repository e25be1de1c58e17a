/** Where something was seen: the proof of a package or a problem. */
export interface Location {
  /** diffID (`sha256:<hex>` of the uncompressed layer) of the layer; absent where the target has no layers. */
  readonly layer?: string
  /** Path inside the target: `/`-separated, no leading `/`. A file inside an archive is `outer.war!/WEB-INF/lib/inner.jar`. */
  readonly path: string
  /** 1-based line, where the format has lines. */
  readonly line?: number
}
