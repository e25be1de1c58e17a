import { describe, expect, it } from 'vitest'
import { sourceFiles } from './sources.ts'

/** A file is read whole by whoever changes it: this many lines and no more. */
const maxLines = 300

/** Longer files, each with its reason. The list may only shrink. */
const exempt: ReadonlyMap<string, string> = new Map()

describe('source files', () => {
  const sizes = sourceFiles().map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))

  it('stay small enough to read', () => {
    expect(sizes.filter(({ path, lines }) => lines > maxLines && !exempt.has(path))).toEqual([])
    const sorted = sizes.map(({ lines }) => lines).sort((a, b) => a - b)
    const at = (share: number) => sorted[Math.floor(sorted.length * share)]
    console.info(`source files: ${sizes.length}, median ${at(0.5)} lines, 90th percentile ${at(0.9)}`)
  })

  it('are exempt only while they need it', () => {
    const long = new Set(sizes.filter(({ lines }) => lines > maxLines).map(({ path }) => path))

    expect([...exempt.keys()].filter(path => !long.has(path))).toEqual([])
  })

  it('leave nothing to do later without an issue', () => {
    const todos = sourceFiles().filter(({ text }) => /\b(?:TODO|FIXME|XXX)\b/.test(text))

    expect(todos.map(({ path }) => path)).toEqual([])
  })
})
