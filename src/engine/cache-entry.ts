import { asciiJson } from '#lib/json.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** How many bytes say where the text begins. */
const headBytes = 4

/**
 * Bytes for the cache: where the JSON ends, the JSON, and behind it the paths. One text splits several times faster than
 * a JSON array of as many paths parses, and need not be looked at; no path can hold a NUL.
 */
export function encodeEntry(value: unknown, ...paths: readonly (readonly string[])[]): Uint8Array {
  const json = encoder.encode(asciiJson(value))
  const text = encoder.encode(paths.map(list => list.join('\0')).join('\0'))
  const bytes = new Uint8Array(headBytes + json.length + text.length)
  new DataView(bytes.buffer).setUint32(0, json.length)
  bytes.set(json, headBytes)
  bytes.set(text, headBytes + json.length)
  return bytes
}

/** The JSON, and the paths of all lists, of which an empty one gives an empty path. Throws where it is something else. */
export function decodeEntry(bytes: Uint8Array): { readonly value: unknown; readonly paths: () => readonly string[] } {
  const end = headBytes + new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0)
  return {
    value: JSON.parse(decoder.decode(bytes.subarray(headBytes, end))),
    paths: () => decoder.decode(bytes.subarray(end)).split('\0'),
  }
}
