import { describe, expect, it } from 'vitest'
import { shippedCycle } from './shipped.ts'

describe('advisories/eol/shipped', () => {
  it('knows when releases end', () => {
    expect(shippedCycle('alpine-linux', '3.11')).toMatchObject({ regularUntil: '2021-11-01', lastUntil: '2021-11-01' })
    expect(shippedCycle('debian', '12')).toMatchObject({ regularUntil: '2026-07-11', lastUntil: '2028-06-30' })
    expect(shippedCycle('debian', '99')).toBeUndefined()
    expect(shippedCycle('__proto__', '1')).toBeUndefined()
  })
})
