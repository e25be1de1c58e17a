import { XMLParser } from 'fast-xml-parser'
import { LimitError } from './limit-error.ts'

/** Larger documents are refused. */
const maxLength = 16 * 1024 * 1024

/** Elements nested deeper than this are refused. */
const maxDepth = 200

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: true,
  processEntities: false,
  removeNSPrefix: true,
})

/**
 * Parses XML into nested objects (text content as strings, repeated elements as arrays, attributes dropped). Entities
 * are never expanded and a document type declaration is refused, so no document can grow. Throws `LimitError` or `Error`.
 */
export function parseXml(text: string): unknown {
  if (text.length > maxLength) throw new LimitError(`XML is larger than ${maxLength} characters`)
  if (text.includes('<!DOCTYPE') || text.includes('<!ENTITY')) throw new Error('XML with a document type is not read')
  let depth = 0
  let end = -1
  for (let index = text.indexOf('<'); index >= 0; index = text.indexOf('<', index + 1)) {
    const next = text.charCodeAt(index + 1)
    if (next === 0x2f) depth--
    else if (next !== 0x21 && next !== 0x3f) {
      if (end < index) end = text.indexOf('>', index)
      if (end < 0) break
      if (text.charCodeAt(end - 1) !== 0x2f && ++depth > maxDepth)
        throw new LimitError(`XML is nested deeper than ${maxDepth}`)
    }
  }
  return parser.parse(text)
}
