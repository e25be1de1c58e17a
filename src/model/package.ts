import type { Location } from './location.ts'

/** How a package came into an image: which layer and build step, and whose work that was. */
export interface Introduction {
  /** Index of the layer, 0 is the lowest. */
  readonly layer: number
  /** diffID of that layer. */
  readonly diffId: string
  /** The image-history step (`created_by`) of that layer, as written in the image configuration. */
  readonly step?: string
  /** True where the layer belongs to the base image, false where this build added it. */
  readonly base: boolean
}

/** A thing installed or declared, as its own package manager sees it. */
export interface Package {
  /** Canonical purl with the `arch`, `distro`, `epoch`, `upstream` qualifiers that apply. Identifies the distinct package. */
  readonly purl: string
  /** Ecosystem id = purl type: `deb`, `npm`, … */
  readonly type: string
  /** Name as the ecosystem's own tool and OSV write it: `openssl`, `@babel/core`, `org.slf4j:slf4j-api`, `golang.org/x/net`. */
  readonly name: string
  /** Version in the ecosystem's own spelling, epoch and release included: `1:2.38.1-5+deb12u3`, rpm `2:9.0-1.el9`. */
  readonly version: string
  readonly arch?: string
  /** The source package (dpkg source, apk origin, source rpm), where it differs in name or version or is known. */
  readonly source?: { readonly name: string; readonly version: string }
  /** rpm modularity label `name:stream:…`. */
  readonly modularity?: string
  /** Licence expressions or names as declared; empty where none is declared. */
  readonly licenses: readonly string[]
  /** `installed`: present in the target. `declared`: named by a lock or manifest file. */
  readonly state: 'installed' | 'declared'
  /** True for packages needed only to develop or test, where the file says so. */
  readonly dev?: boolean
  /** Proofs; the first is the one that counts. */
  readonly locations: readonly Location[]
  /** purl of the operating-system package that installed this one. Owned packages are listed but judged through their owner. */
  readonly owner?: string
  readonly introduced?: Introduction
}

/** A package as advisories are asked about it: whoever brought it, and wherever it lies. */
export type MatchedPackage = Omit<Package, 'introduced' | 'locations' | 'licenses'>

/** A package as a cataloger yields it: the engine adds layer, introduction and ownership. */
export type CatalogedPackage = Omit<Package, 'owner' | 'introduced'>
