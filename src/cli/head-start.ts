import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { warmPartThread } from '#io/part-threads.ts'
import { locateHome } from './home.ts'

/** Below this the thread takes longer to start than it saves. */
const largeBytes = 2 ** 26

/** The same for layers that are stored compressed. */
const largeLayoutBytes = 2 ** 24

/** So many blobs of a layout are looked at. */
const maxBlobs = 100

/** So many images are remembered, each in a file of its own that the next one of its number takes over. */
const slots = 1021

/** Remembers that an image was read: its facts are cached from now on. */
export type Remember = () => void

/**
 * Starts the thread that hashes while the program is still loaded, where a word names a large image that this user has not
 * scanned before; undefined where none does. A wrong guess costs some milliseconds, never a result.
 */
export function headStart(words: readonly string[]): Remember | undefined {
  const image = words.map(largeImage).find(found => found !== undefined)
  if (image === undefined) return undefined
  const folder = join(locateHome(process.env).cache, 'seen')
  const file = join(folder, String(image.number % slots))
  if (isIn(file, image.mark)) return undefined
  warmPartThread(image.early)
  return () => {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      writeFileSync(file, image.mark, { mode: 0o600 })
    } catch {
      // Forgotten, then.
    }
  }
}

/** What an image is remembered by: a number for the slot, and what tells it from others of that number. */
interface Mark {
  readonly number: number
  readonly mark: string
  /** What the thread is to begin with. */
  readonly early: Parameters<typeof warmPartThread>[0]
}

function largeImage(word: string): Mark | undefined {
  if (word.startsWith('-')) return undefined
  const path = word.replace(/^(docker-archive|oci-archive|oci):/, '')
  try {
    const stat = statSync(path)
    if (stat.isDirectory()) return largeLayout(join(path, 'blobs/sha256'))
    if (!stat.isFile() || stat.size < largeBytes) return undefined
    const { dev, ino, size, mtimeMs, ctimeMs } = stat
    return { number: ino, mark: [dev, ino, size, mtimeMs, ctimeMs].join(' '), early: { path, isArchive: true } }
  } catch {
    return undefined
  }
}

/** By its largest blob, which one that was built upon it shares: there is little to read of that. */
function largeLayout(blobs: string): Mark | undefined {
  const names = readdirSync(blobs).slice(0, maxBlobs)
  const sizes = names.map(name => statSync(join(blobs, name)).size)
  if (sizes.reduce((sum, size) => sum + size, 0) < largeLayoutBytes) return undefined
  const largest = names[sizes.indexOf(Math.max(...sizes))]!
  const early = { path: join(blobs, largest), isArchive: false }
  return { number: Number.parseInt(largest.slice(0, 8), 16), mark: largest, early }
}

function isIn(file: string, mark: string): boolean {
  try {
    return readFileSync(file, 'latin1') === mark
  } catch {
    return false
  }
}
