import type { Cataloger, Ecosystem, TreeMode } from '#ecosystems/types.ts'
import type { LayerSource, TreeEntry, WalkedFile } from '#images/types.ts'
import { LimitError } from '#lib/limit-error.ts'
import { decodeText } from '#lib/text.ts'
import { distroFiles } from '#model/distro.ts'
import type { Problem } from '#model/problem.ts'
import type { LayerFacts, ReadFile } from './layer-facts.ts'
import type { HashAlgorithm, Ports } from './ports.ts'

/** Changes whenever this file may give other facts for the same layer: part of the cache key. */
const analysisVersion = 1

/** Identification files larger than this are not identification files. */
const maxTextBytes = 64 * 1024

/** An ecosystem with its reader loaded. */
export interface Reader {
  readonly ecosystem: Ecosystem
  readonly cataloger: Cataloger
}

export interface LayerReading {
  readonly facts: LayerFacts
  /** sha256 of the uncompressed bytes, as read. */
  readonly diffId?: string
}

/** The part of a cache key that says who read. */
export function readersKey(readers: readonly Reader[], mode: TreeMode): string {
  const versions = readers.map(({ ecosystem }) => `${ecosystem.id}${ecosystem.version}`)
  return `${analysisVersion}-${mode}-${versions.join('-')}`
}

/**
 * Reads one layer in one pass and gives each file to the ecosystems that want it. Hard links to files that no reader
 * wanted under their first name cost a second pass over the layer.
 */
export async function readLayer(
  source: LayerSource,
  readers: readonly Reader[],
  mode: TreeMode,
  ports: Pick<Ports, 'hash' | 'signal'>,
): Promise<LayerReading> {
  const sheet = new LayerSheet(readers, mode, ports.hash)
  const end = await source.walk(
    { entry: entry => sheet.enter(entry), file: (entry, file) => sheet.read(entry.path, file) },
    ports.signal,
  )
  sheet.problems.push(...end.problems)
  const links = sheet.unreadLinks()
  if (links.size > 0) await readLinks(source, sheet, links, ports.signal)
  return { facts: sheet.facts(), diffId: end.diffId }
}

/** Reads chosen files of a layer as if `wants` had asked for them: the far ends of symbolic links to databases. */
export async function readChosen(
  source: LayerSource,
  path: string,
  readers: readonly Reader[],
  ports: Pick<Ports, 'hash' | 'signal'>,
): Promise<readonly ReadFile[]> {
  const sheet = new LayerSheet(readers, 'installed', ports.hash)
  await source.walk(
    {
      entry: entry => entry.kind === 'file' && entry.path === path,
      file: (_entry, file) => sheet.readWith(readers, path, file),
    },
    ports.signal,
  )
  return sheet.facts().files
}

async function readLinks(
  source: LayerSource,
  sheet: LayerSheet,
  links: ReadonlyMap<string, readonly string[]>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const found = new Set<string>()
  await source.walk(
    {
      entry: entry => entry.kind === 'file' && links.has(entry.path),
      file: (entry, file) => {
        found.add(entry.path)
        for (const link of links.get(entry.path) ?? []) sheet.read(link, { ...file, path: link })
      },
    },
    signal,
  )
  for (const [target, names] of links) {
    if (found.has(target)) continue
    for (const path of names) {
      sheet.problems.push({
        code: 'missing',
        detail: `Hard link to ${target}, which its layer does not hold`,
        location: { path },
      })
    }
  }
}

/** Collects what one layer holds while it is walked. */
class LayerSheet {
  readonly problems: Problem[] = []
  readonly #readers: readonly Reader[]
  readonly #mode: TreeMode
  readonly #hash: Ports['hash']
  /** By path: where a layer names a path twice, the later entry is the file. */
  readonly #files = new Map<string, ReadFile[]>()
  readonly #texts: (readonly [string, string])[] = []
  readonly #paths: string[] = []
  readonly #directories: string[] = []
  readonly #symlinks: (readonly [string, string])[] = []
  readonly #whiteouts: string[] = []
  readonly #opaques: string[] = []
  readonly #hardlinks: { readonly path: string; readonly target: string; readonly mode: number }[] = []
  readonly #sizes = new Map<string, { readonly size: number; readonly mode: number }>()
  readonly #mayProve: (path: string) => boolean

  constructor(readers: readonly Reader[], mode: TreeMode, hash: Ports['hash']) {
    this.#readers = readers
    this.#mode = mode
    this.#hash = hash
    const languages = readers.filter(({ ecosystem }) => ecosystem.kind === 'language').map(({ ecosystem }) => ecosystem)
    // Size and mode are not known of a path in a file list: as large and executable as anything may be.
    this.#mayProve = path => languages.some(({ wants }) => wants({ path, size: 1 << 20, mode: 0o755 }, mode))
  }

  enter(entry: TreeEntry): boolean {
    this.#files.delete(entry.path)
    switch (entry.kind) {
      case 'whiteout':
        this.#whiteouts.push(entry.path)
        return false
      case 'opaque':
        this.#opaques.push(entry.path)
        return false
      case 'directory':
        this.#directories.push(entry.path)
        return false
      case 'symlink':
        this.#symlinks.push([entry.path, entry.target ?? ''])
        this.#paths.push(entry.path)
        return false
      case 'hardlink':
        this.#hardlinks.push({ path: entry.path, target: entry.target ?? '', mode: entry.mode })
        this.#paths.push(entry.path)
        return false
      case 'other':
        this.#paths.push(entry.path)
        return false
      case 'file':
        this.#paths.push(entry.path)
        this.#sizes.set(entry.path, entry)
        return this.#wantsText(entry.path) || this.#readers.some(reader => reader.ecosystem.wants(entry, this.#mode))
    }
  }

  read(path: string, file: WalkedFile): void {
    if (this.#wantsText(path) && file.size <= maxTextBytes)
      this.#texts.push([path, decodeText(file.bytes(maxTextBytes))])
    const info = { path, size: file.size, mode: file.mode }
    this.readWith(
      this.#readers.filter(reader => reader.ecosystem.wants(info, this.#mode)),
      path,
      file,
    )
  }

  readWith(readers: readonly Reader[], path: string, file: WalkedFile): void {
    for (const { ecosystem, cataloger } of readers) {
      try {
        const read = cataloger.read(file, { mayProve: this.#mayProve })
        if (read === undefined) continue
        const digests = ecosystem.kind === 'language' ? { digests: this.#digests(file) } : {}
        this.#add({ ecosystem: ecosystem.id, path, facts: read.facts, ...digests })
        for (const { code, detail, line } of read.problems ?? []) {
          this.problems.push({ code, detail, location: { path, ...(line !== undefined && { line }) } })
        }
      } catch (error) {
        const code = error instanceof LimitError ? 'limit' : 'unreadable'
        const why = error instanceof Error ? error.message : String(error)
        this.problems.push({ code, detail: `${ecosystem.title}: ${why}`, location: { path } })
      }
    }
  }

  /** Hard links that a reader wants, by targets which that reader did not see; nothing is asked twice. */
  unreadLinks(): ReadonlyMap<string, readonly string[]> {
    const links = new Map<string, string[]>()
    for (const { path, target, mode } of this.#hardlinks) {
      const info = this.#sizes.get(target) ?? { size: 1 << 20, mode }
      const missed = this.#readers.some(
        ({ ecosystem }) =>
          ecosystem.wants({ path, size: info.size, mode: info.mode }, this.#mode) &&
          !ecosystem.wants({ path: target, size: info.size, mode: info.mode }, this.#mode),
      )
      if (missed || this.#wantsText(path)) links.set(target, [...(links.get(target) ?? []), path])
    }
    return links
  }

  facts(): LayerFacts {
    return {
      files: [...this.#files.values()].flat(),
      texts: this.#texts,
      problems: this.problems,
      tree: {
        paths: this.#paths,
        directories: this.#directories,
        symlinks: this.#symlinks,
        whiteouts: this.#whiteouts,
        opaques: this.#opaques,
      },
    }
  }

  #add(file: ReadFile): void {
    const files = this.#files.get(file.path)
    if (files === undefined) this.#files.set(file.path, [file])
    else files.push(file)
  }

  #wantsText(path: string): boolean {
    return distroFiles.includes(path)
  }

  #digests(file: WalkedFile): Record<HashAlgorithm, string> {
    const hashers = { md5: this.#hash('md5'), sha1: this.#hash('sha1'), sha256: this.#hash('sha256') }
    const step = 1024 * 1024
    for (let offset = 0; offset < file.size; offset += step) {
      const part = file.read(offset, step)
      if (part.length === 0) break
      for (const hasher of Object.values(hashers)) hasher.update(part)
    }
    return { md5: hashers.md5.hex(), sha1: hashers.sha1.hex(), sha256: hashers.sha256.hex() }
  }
}
