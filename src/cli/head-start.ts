import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { warmHashThread } from '#io/hash-thread.ts'
import { locateHome } from './home.ts'

/** Below this the thread takes longer to start than it saves. */
const largeBytes = 2 ** 26

/** So many archives are remembered, each in a file of its own that the next one of its number takes over. */
const slots = 1021

/** Remembers that an archive was read: its facts are cached from now on. */
export type Remember = () => void

/**
 * Starts the thread that hashes while the program is still loaded, where a word names a large archive that this user has
 * not scanned before; undefined where none does. A wrong guess costs some milliseconds, never a result.
 */
export function headStart(words: readonly string[]): Remember | undefined {
  const archive = words.map(largeFile).find(found => found !== undefined)
  if (archive === undefined) return undefined
  const folder = join(locateHome(process.env).cache, 'seen')
  const file = join(folder, String(archive.number % slots))
  if (isIn(file, archive.mark)) return undefined
  warmHashThread()
  return () => {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      writeFileSync(file, archive.mark, { mode: 0o600 })
    } catch {
      // Forgotten, then.
    }
  }
}

/** What tells a file from another, and from itself before it was written to. */
function largeFile(word: string): { readonly number: number; readonly mark: string } | undefined {
  if (word.startsWith('-')) return undefined
  const path = word.startsWith('docker-archive:') ? word.slice('docker-archive:'.length) : word
  try {
    const stat = statSync(path)
    if (!stat.isFile() || stat.size < largeBytes) return undefined
    const { dev, ino, size, mtimeMs, ctimeMs } = stat
    return { number: ino, mark: [dev, ino, size, mtimeMs, ctimeMs].join(' ') }
  } catch {
    return undefined
  }
}

function isIn(file: string, mark: string): boolean {
  try {
    return readFileSync(file, 'latin1') === mark
  } catch {
    return false
  }
}
