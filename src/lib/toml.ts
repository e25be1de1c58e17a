import { parse } from 'smol-toml'
import { LimitError } from './limit-error.ts'

/** Larger documents are refused. */
const maxLength = 64 * 1024 * 1024

/** Parses TOML 1.0 that may be hostile. Throws `LimitError` on size or depth and smol-toml's `TomlError` on bad syntax. */
export function parseToml(text: string): unknown {
  if (text.length > maxLength) throw new LimitError(`TOML is larger than ${maxLength} characters`)
  return parse(text, { maxDepth: 100 })
}
