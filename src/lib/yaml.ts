import { JSON_SCHEMA, load, loadAll } from 'js-yaml'
import { boundMarks } from './document-bounds.ts'
import { LimitError } from './limit-error.ts'

/** Larger documents are refused: js-yaml builds everything in memory. */
const maxLength = 32 * 1024 * 1024

/** Documents of more values than this are refused. */
const maxMarks = 800_000

/** Documents with more alias uses than this are refused: that is how small files unfold into huge ones. */
const maxAliases = 10_000

/**
 * Parses one YAML document that may be hostile. Only JSON types come out (no dates, no functions). Throws `LimitError`
 * on size, very many values or alias abuse and js-yaml's `YAMLException` on bad syntax.
 */
export function parseYaml(text: string): unknown {
  guard(text)
  return load(text, { schema: JSON_SCHEMA })
}

/** All documents of a YAML stream, under the same bounds. */
export function parseYamlStream(text: string): readonly unknown[] {
  guard(text)
  return loadAll(text, { schema: JSON_SCHEMA })
}

function guard(text: string): void {
  if (text.length > maxLength) throw new LimitError(`YAML is larger than ${maxLength} characters`)
  boundMarks(text, '\n,[{', maxMarks)
  let aliases = 0
  for (let index = text.indexOf('*'); index >= 0; index = text.indexOf('*', index + 1)) {
    const before = text.charCodeAt(index - 1)
    const opens =
      index === 0 || before === 0x20 || before === 0x5b || before === 0x2c || before === 0x0a || before === 0x3a
    if (opens && ++aliases > maxAliases) throw new LimitError(`YAML uses more than ${maxAliases} aliases`)
  }
}
