import fs, { appendFileSync } from 'node:fs'
import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { basename } from 'node:path'
import process from 'node:process'

/**
 * Loaded by `--import` before Sluice: what it reads from its cache of facts and puts there is appended to the file that
 * `SLUICE_TEST_TRACE` names, a line each: process, `hit`, `miss` or `put`, entry.
 */
const log = process.env.SLUICE_TEST_TRACE!
const { readFileSync } = fs
const { rename } = files

const isFact = (path: unknown): path is string => typeof path === 'string' && /[/\\]cache[/\\]facts[/\\]/.test(path)
const tell = (what: string, path: string) => appendFileSync(log, `${process.pid} ${what} ${basename(path)}\n`)

fs.readFileSync = ((path: string, options?: never) => {
  try {
    const bytes = readFileSync(path, options)
    if (isFact(path)) tell('hit', path)
    return bytes
  } catch (error) {
    if (isFact(path)) tell('miss', path)
    throw error
  }
}) as typeof readFileSync

files.rename = async (from, to) => {
  await rename(from, to)
  if (isFact(to)) tell('put', to)
}

syncBuiltinESMExports()
