import { describe, expect, it } from 'vitest'
import type { FeedStatus } from '#advisories/index.ts'
import { renderFeeds } from './feeds-table.ts'

const now = new Date('2026-11-21T12:00:00Z')
const feed = (more: Partial<FeedStatus>): FeedStatus => ({
  feed: 'osv/npm',
  origin: 'network',
  from: 'https://feeds.example.com/osv-vulnerabilities',
  fetched: '2026-11-01T00:00:00Z',
  checked: '2026-11-21T12:00:00Z',
  newest: '2026-11-20T10:00:00Z',
  records: 1234,
  silent: 0,
  digest: 'd',
  ...more,
})
const render = (feeds: readonly FeedStatus[], more: Partial<Parameters<typeof renderFeeds>[0]> = {}) =>
  renderFeeds({ feeds, size: 27_800_000, folder: '/data', now, ...more })

describe('cli/feeds-table', () => {
  it('shows source, origin, age, newest record and records in columns', () => {
    const lines = render([feed({}), feed({ feed: 'kev', from: '/media/kev.json', newest: undefined, records: 7 })])

    expect(lines.split('\n')).toEqual([
      'SOURCE   FROM               CHECKED   NEWEST RECORD  RECORDS',
      'osv/npm  feeds.example.com  just now  2026-11-20       1,234',
      'kev      /media/kev.json    just now  -                    7',
      '',
      '1,241 records, 27.8 MB in /data',
      '',
    ])
  })

  it.each([
    ['2026-11-21T11:59:30Z', 'just now'],
    ['2026-11-21T12:00:30Z', 'just now'],
    ['2026-11-21T11:59:00Z', '1 minute ago'],
    ['2026-11-21T11:00:00Z', '1 hour ago'],
    ['2026-11-19T12:00:01Z', '47 hours ago'],
    ['2026-11-19T12:00:00Z', '2 days ago'],
  ])('calls %s %s', (checked, age) => {
    expect(render([feed({ checked })])).toContain(`  ${age}  `)
  })

  it('says what an update did to each', () => {
    const outcomes = new Map([
      ['osv/npm', { feed: 'osv/npm', state: 'updated', changed: 12 }],
      ['kev', { feed: 'kev', state: 'current' }],
      ['epss', { feed: 'epss', state: 'failed' }],
    ] as const)
    const shown = render([feed({}), feed({ feed: 'kev' }), feed({ feed: 'epss' }), feed({ feed: 'eol' })], { outcomes })

    expect(shown).toMatch(/osv\/npm .* 12 changed\n/)
    expect(shown).toMatch(/kev .* no change\n/)
    expect(shown).toMatch(/epss .* failed, kept as it was\n/)
    expect(shown).toMatch(/eol .* not asked for\n/)
  })

  it('shows the end of a long folder, and no escape sequence', () => {
    const shown = render([feed({ from: `/${'deep/'.repeat(20)}feeds` }), feed({ feed: 'osv/\x1b[31mred' })])

    expect(shown).toContain('…')
    expect(shown).toContain('deep/feeds')
    expect(shown).not.toContain('\x1b')
  })
})
