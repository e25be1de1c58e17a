import { describe, expect, it } from 'vitest'
import { LimitError } from './limit-error.ts'
import { parseXml } from './xml.ts'

describe('lib/xml', () => {
  it('reads elements and their text', () => {
    expect(parseXml('<p:a x="1"><b>1.0</b><b> 2 </b><c/></p:a>')).toEqual({ a: { b: ['1.0', '2'], c: '' } })
  })

  it.each(['<!DOCTYPE a>', '<a>&#1;</a><!ENTITY b "c">'])('does not read %s', text => {
    expect(() => parseXml(text)).toThrow('document type')
  })

  it('refuses what is nested too deeply', () => {
    expect(() => parseXml('<a>'.repeat(300))).toThrow(LimitError)
  })

  // Took minutes while each `<` looked for its `>` anew.
  it.each(['<', '<a ', '<!--', '<a/', '</'])('takes linear time on %j a million times', part => {
    try {
      parseXml(`${part.repeat(1_000_000)}/>`)
    } catch (error) {
      expect(error).toBeInstanceOf(Error)
    }
  })
})
