import { describe, expect, it } from 'vitest'
import { renderTerminal } from './render-terminal.ts'

const texts = (svg: string) =>
  [...svg.matchAll(/<text ([^>]*)>([^<]*)<\/text>/g)].map(([, style, text]) => [text, style])

describe('tools/render-terminal', () => {
  it('draws every run in its style, where it stands', () => {
    const drawn = texts(renderTerminal('\x1b[1;31mFAIL\x1b[0m  plain \x1b[2mdim\x1b[0m\n', 'title'))

    expect(drawn.map(([text]) => text)).toEqual(['FAIL', 'plain', 'dim'])
    expect(drawn[0]![1]).toContain('x="20.0"')
    expect(drawn[0]![1]).toContain('font-weight="bold" fill="#ff7b72"')
    expect(drawn[1]![1]).toContain(`x="${(20 + 6 * 8.4).toFixed(1)}"`)
    expect(drawn[1]![1]).not.toContain('fill')
    expect(drawn[2]![1]).toContain('opacity')
  })

  it('escapes what XML would read', () => {
    expect(renderTerminal('a < b & c > d', 'x & y')).not.toMatch(/a <|b & c/)
  })

  it('draws nothing for nothing', () => {
    expect(texts(renderTerminal('', 'empty'))).toEqual([])
  })
})
