import { spdxIds } from './spdx-ids.ts'

/** Longer texts are names, not expressions. */
const maxLength = 1000

/** True where the text is exactly one identifier of the SPDX list. */
export function isSpdxId(text: string): boolean {
  return spdxIds.has(text)
}

/**
 * True where the text is a license expression with at least one operator
 * (https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/). Every name in it has to be of the list, or a
 * `LicenseRef-`; letter case counts.
 */
export function isSpdxExpression(text: string): boolean {
  if (text.length > maxLength) return false
  const words = text.match(/[()]|[^\s()]+/g) ?? []
  if (words.length < 3) return false
  let depth = 0
  // What may come next: a license, or something after one.
  let wantsName = true
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!
    if (wantsName) {
      if (word === '(') depth++
      else if (isLicense(word)) wantsName = false
      else return false
    } else if (word === ')') {
      if (--depth < 0) return false
    } else if (word === 'AND' || word === 'OR') wantsName = true
    else if (word === 'WITH') {
      if (!isSpdxId(words[++index] ?? '')) return false
    } else return false
  }
  return depth === 0 && !wantsName
}

function isLicense(word: string): boolean {
  return (
    isSpdxId(word) || (word.endsWith('+') && isSpdxId(word.slice(0, -1))) || /^LicenseRef-[A-Za-z0-9.-]+$/.test(word)
  )
}
