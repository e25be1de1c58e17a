import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { asString, member, parseJson } from '#lib/json.ts'
import { writeZip } from '#lib/zip-write.ts'
import { readTree, type TreeFile } from './demo-files.ts'

/**
 * Lays the shipped feeds out as their public sources do: every file as it is, and for each OSV ecosystem the `all.zip`
 * and `modified_id.csv` that the public bucket has beside the records. Gives the number of advisories.
 */
export async function writeDemoFeeds(source: string, target: string): Promise<number> {
  const files = await readTree(source)
  const records = files.filter(({ name }) => /^osv\/[^/]+\/[^/]+\.json$/.test(name))
  const folders = Map.groupBy(records, ({ name }) => dirname(name))
  for (const { name, body } of [...files, ...[...folders].flatMap(indexFiles)]) {
    await mkdir(dirname(join(target, name)), { recursive: true })
    await writeFile(join(target, name), body)
  }
  return records.length
}

function indexFiles([folder, records]: readonly [string, readonly TreeFile[]]): readonly TreeFile[] {
  const files = records.map(({ name, body }) => ({ name: name.slice(folder.length + 1), body }))
  const lines = files.map(({ name, body }) => {
    const modified = asString(member(parseJson(new TextDecoder().decode(body)), 'modified'))
    return `${modified},${name.slice(0, -'.json'.length)}\n`
  })
  return [
    { name: `${folder}/all.zip`, body: writeZip(files, crc32) },
    { name: `${folder}/modified_id.csv`, body: new TextEncoder().encode(lines.sort().reverse().join('')) },
  ]
}
