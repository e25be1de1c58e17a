import { describe, expect, it } from 'vitest'
import { highest } from './highest.ts'

const byNumber = (a: string, b: string) => Number(a) - Number(b)

describe('engine/highest', () => {
  it.each([
    [[], undefined],
    [[undefined], undefined],
    [['9', undefined, '10', '9', '10'], '10'],
    [['1.0', '1'], '1'],
  ])('finds in %j %s', (versions, expected) => {
    expect(highest(versions, byNumber)).toBe(expected)
  })

  it('compares each version once', () => {
    let compared = 0
    highest(
      Array.from({ length: 1000 }, (_, index) => String(index % 5)),
      (a, b) => {
        compared++
        return byNumber(a, b)
      },
    )

    expect(compared).toBe(4)
  })
})
