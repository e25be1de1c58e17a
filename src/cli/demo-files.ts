import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A file below a folder. */
export interface TreeFile {
  /** Relative to the folder, with `/` between the parts. */
  readonly name: string
  readonly body: Uint8Array
}

/** Every file below a folder, by name. */
export async function readTree(folder: string): Promise<readonly TreeFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const names = entries
    .filter(entry => entry.isFile())
    .map(entry =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort()
  return Promise.all(names.map(async name => ({ name, body: await readFile(join(folder, name)) })))
}
