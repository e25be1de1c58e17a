import { statSync } from 'node:fs'
import { type FeedOutcome, feedsStatus, type UpdateResult, updateStore } from '#advisories/index.ts'
import { defaultEcosystems } from '#advisories/store/default-ecosystems.ts'
import { closest } from '#lib/closest.ts'
import { Failure } from '#lib/failure.ts'
import { printableJson } from '#lib/json.ts'
import { printable, printableLines } from '#lib/terminal.ts'
import { report } from './failures.ts'
import { openFeedSource } from './feed-source.ts'
import { renderFeeds } from './feeds-table.ts'
import { type Flags, readFlags, usageFailure } from './flags.ts'
import { locateHome } from './home.ts'
import { showUpdate, withInterrupt } from './ports.ts'
import { createProgress } from './progress.ts'
import { writeOut } from './standard-output.ts'

/**
 * `sluice feeds`: fetch advisories, or say how new they are. Exit code 2 where any source that was asked for failed;
 * what was held of it stays in use, and the others are updated all the same.
 */
export async function runFeeds(words: readonly string[]): Promise<number> {
  const flags = readFlags('feeds', words)
  const [action, ...rest] = flags.words
  switch (action) {
    case 'update':
      if (flags.has('json')) throw usageFailure('feeds', '--json belongs to sluice feeds status.')
      return update(rest, flags)
    case 'status':
      if (rest.length > 0 || updateOnly.some(name => flags.value(name) !== undefined))
        throw usageFailure('feeds', 'sluice feeds status takes nothing but --json.')
      return showStatus(flags)
    default:
      throw usageFailure('feeds', 'Say what to do: sluice feeds update or sluice feeds status.')
  }
}

async function update(ecosystems: readonly string[], flags: Flags): Promise<number> {
  const home = locateHome(process.env).data
  const from = flags.value('from')
  if (from !== undefined && !statSync(from, { throwIfNoEntry: false })?.isDirectory())
    throw usageFailure('feeds', `--from needs a folder, and ${printable(from)} is none.`)
  const mirror = flags.value('mirror')
  if (from !== undefined && mirror !== undefined)
    throw usageFailure('feeds', '--from and --mirror are two places; name one.')
  const sourceTime = readTime(flags.value('timeout'))
  const result = await fetchFeeds({ home, from, mirror, sourceTime, ecosystems }, flags).catch(error => {
    if (from !== undefined || !(error instanceof Failure) || error.hint !== undefined) throw error
    report(error)
    process.stderr.write(`  ${withoutNetwork}\n`)
  })
  if (result === undefined) return 2
  const status = feedsStatus(home)
  if (!flags.has('quiet') && status !== undefined) {
    const outcomes = new Map(result.outcomes.map(outcome => [outcome.feed, outcome]))
    writeOut(renderFeeds({ ...status, folder: home, now: new Date(), outcomes }))
  }
  const failed = result.outcomes.filter(({ state }) => state === 'failed')
  for (const outcome of failed) tell(outcome)
  if (failed.length === 0) return 0
  const held = new Set(status?.feeds.map(({ feed }) => feed))
  if (failed.some(({ feed }) => held.has(feed)))
    process.stderr.write('  What was held of the sources that failed stays in use.\n')
  if (failed.length < result.outcomes.length) process.stderr.write('  The other sources are up to date.\n')
  else if (from === undefined) process.stderr.write(`  ${withoutNetwork}\n`)
  return 2
}

const withoutNetwork = 'Without a network, take them from a copy: sluice feeds update --from DIR.'

/** Options that mean nothing to `sluice feeds status`. */
const updateOnly = ['from', 'mirror', 'timeout']

interface Wanted {
  readonly home: string
  readonly from: string | undefined
  readonly mirror: string | undefined
  readonly sourceTime: number | undefined
  readonly ecosystems: readonly string[]
}

async function fetchFeeds(wanted: Wanted, flags: Flags): Promise<UpdateResult> {
  const { home, from, mirror, sourceTime, ecosystems } = wanted
  const progress = createProgress(!flags.has('quiet'))
  const source = from === undefined ? await openFeedSource(mirror ?? process.env.SLUICE_FEEDS_MIRROR) : undefined
  try {
    return await withInterrupt(async signal =>
      updateStore({
        home,
        ...(source ?? { from: from! }),
        ...(sourceTime !== undefined && { sourceTime }),
        ...(ecosystems.length > 0 && { ecosystems }),
        progress: showUpdate(progress),
        signal,
      }),
    )
  } finally {
    source?.client.close()
    progress.clear()
  }
}

/** `90s`, `10m`, `2h` in milliseconds. */
function readTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const [, count, unit] = /^(\d{1,5})([smh])$/.exec(text) ?? []
  const milliseconds = Number(count) * (unit === 'h' ? 3_600_000 : unit === 'm' ? 60_000 : 1000)
  if (milliseconds > 0 && milliseconds <= 24 * 3_600_000) return milliseconds
  throw usageFailure('feeds', `--timeout takes a time from 1s to 24h such as 90s, 10m or 2h, not '${printable(text)}'.`)
}

/** One failed source on standard error, with what it was probably meant to be. */
function tell({ feed, failure }: FeedOutcome): void {
  const name = feed.replace(/^osv\//, '')
  const meant = feed === name || defaultEcosystems.has(name) ? undefined : closest(name, [...defaultEcosystems])
  const message = failure?.message ?? `${feed} failed`
  const label = message.startsWith(feed) ? '' : `${feed}: `
  process.stderr.write(`sluice: ${printableLines(`${label}${message}`)}\n`)
  if (meant !== undefined) process.stderr.write(`  Did you mean ${meant}?\n`)
}

function showStatus(flags: Flags): number {
  const home = locateHome(process.env).data
  const status = feedsStatus(home) ?? { feeds: [], size: 0 }
  if (flags.has('json')) {
    writeOut(printableJson({ schema: 'sluice.feeds/v1', folder: home, ...status }))
  } else if (status.feeds.length === 0) {
    writeOut(`There are no advisories in ${printable(home)} yet.\n`)
    writeOut('  A scan fetches those that it needs; sluice feeds update fetches all.\n')
  } else writeOut(renderFeeds({ ...status, folder: home, now: new Date() }))
  return 0
}
