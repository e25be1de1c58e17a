import { parse } from 'smol-toml'
import { boundMarks } from './document-bounds.ts'
import { LimitError } from './limit-error.ts'

/** Larger documents are refused. */
const maxLength = 64 * 1024 * 1024

/** Documents of more values than this are refused: they take many times the memory of their text. */
const maxMarks = 1_000_000

/** Parses TOML 1.0 that may be hostile. Throws `LimitError` on size, depth or very many values and smol-toml's `TomlError` on bad syntax. */
export function parseToml(text: string): unknown {
  if (text.length > maxLength) throw new LimitError(`TOML is larger than ${maxLength} characters`)
  boundMarks(text, '=,[{', maxMarks)
  return parse(text, { maxDepth: 100 })
}
