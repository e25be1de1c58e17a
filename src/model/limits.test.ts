import { describe, expect, it } from 'vitest'
import { defaultLimits, limitDefinitions, limitDetail, limitsWith, parseLimit } from './limits.ts'

describe('model/limits', () => {
  it('names every limit once and explains it', () => {
    const names = limitDefinitions.map(({ name }) => name)

    expect(new Set(names).size).toBe(names.length)
    for (const { name, value, what } of limitDefinitions) {
      expect(defaultLimits[name]).toBe(value)
      expect(Number.isSafeInteger(value) && value > 0).toBe(true)
      expect(what).toMatch(/^[A-Z].*[^.]$/)
    }
  })

  it('takes values of one’s own', () => {
    const limits = limitsWith({ 'layer-entries': 5 })

    expect(limits).toEqual({ ...defaultLimits, 'layer-entries': 5 })
    expect(limitDetail('Too many', 'layer-entries', limits)).toBe('Too many (limit layer-entries=5)')
  })

  it.each([
    ['layer-entries=7', 'layer-entries', 7],
    ['file-bytes=10', 'file-bytes', 10],
    ['file-bytes=3K', 'file-bytes', 3072],
    ['file-bytes=3kib', 'file-bytes', 3072],
    ['file-bytes=2GB', 'file-bytes', 2 ** 31],
    ['target-bytes=1T', 'target-bytes', 2 ** 40],
  ])('reads %s', (text, name, value) => {
    expect(parseLimit(text)).toEqual({ name, value })
  })

  it.each([
    '',
    'file-bytes',
    'file-bytes=',
    'file-bytes=0',
    'file-bytes=-1',
    'file-bytes=1.5',
    'file-bytes=1e9',
    'file-bytes=999999999999999T',
    'layer-entries=1K',
    'files=1',
    'constructor=1',
  ])('refuses %j', text => {
    expect(parseLimit(text)).toBeUndefined()
  })
})
