import { mkdir, readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { feedsStatus, updateStore } from '#advisories/index.ts'
import { scan } from '#engine/scan.ts'
import { Failure } from '#lib/failure.ts'
import { wrap } from '#lib/terminal.ts'
import { loadDefaultPolicy } from './default-policy.ts'
import { writeDemoFeeds } from './demo-feeds.ts'
import { writeDemoImage } from './demo-image.ts'
import { type Flags, readFlags, usageFailure } from './flags.ts'
import { type Home, locateHome } from './home.ts'
import { prepareReports, terminalWidth } from './output.ts'
import { withInterrupt, withPorts, withTemporary } from './ports.ts'
import { exitCode } from './scan.ts'
import { writeOut } from './standard-output.ts'
import { version } from './version.ts'

/** The files that the demo is made from. */
const demoFolder = fileURLToPath(new URL('../../demo', import.meta.url))

/**
 * `sluice demo`: puts an image and a store of advisories together from the files in `demo/` and scans the one by the
 * other, all by the code of `scan` and `feeds update`. Exit code 0 where that worked, whatever the verdict.
 */
export async function runDemo(words: readonly string[]): Promise<number> {
  const flags = readFlags('demo', words)
  if (flags.words.length > 0) throw usageFailure('demo', 'sluice demo takes no target: it makes its own.')
  const keep = flags.value('keep')
  if (keep === undefined) await withTemporary(locateHome(process.env), folder => showDemo(folder, flags))
  else await showDemo(await prepareKept(resolve(keep)), flags)
  return 0
}

async function showDemo(folder: string, flags: Flags): Promise<void> {
  const say = (...lines: readonly string[]) => {
    if (flags.has('quiet')) return
    const width = Math.min(terminalWidth(), 110)
    writeOut(`${lines.flatMap(line => (line.startsWith(' ') ? [line] : wrap(line, width))).join('\n')}\n`)
  }
  const target = join(folder, 'image.tar')
  const home = locateHome({ SLUICE_HOME: join(folder, 'home') })
  await writeDemoImage(join(demoFolder, 'image'), target)
  const { advisories, at } = await importFeeds(folder, home)
  say(
    `An image is put together from the plain files in demo/image: Debian 12 as of June 2023, and a small Node.js application on it. ${advisories} real advisories from demo/feeds are imported for it. Nothing is fetched.`,
    '',
  )
  const policy = await loadDefaultPolicy()
  const request = { target, open: { insecureRegistries: [] }, policy, stage: 'build', version } as const
  const result = await withPorts(flags, ports => scan(request, ports), { home, now: () => at, offline: true })
  const write = await prepareReports(result, [{ format: 'table' }], flags)
  await write()
  const moment = at.toISOString().replace('.000Z', 'Z')
  say(
    '',
    `This was a real scan, judged as of ${moment.slice(0, 10)}, when the newest of these advisories appeared. sluice scan would end with exit code ${exitCode(result.verdict!)}; the demo ends with 0.`,
  )
  if (flags.value('keep') !== undefined) {
    say(
      `Image, feeds and store are kept. To scan again, or with changes:`,
      `  SLUICE_HOME=${join(folder, 'home')} ./sluice scan ${target} --offline --at ${moment}`,
    )
  } else
    say('Next, an image of your own; the first scan fetches the advisories it needs:', '  ./sluice scan nginx:1.27')
}

/** Imports the shipped feeds. `at` is the time of the newest record in them: the moment that the demo is judged at. */
async function importFeeds(folder: string, home: Home): Promise<{ readonly advisories: number; readonly at: Date }> {
  const from = join(folder, 'feeds')
  const advisories = await writeDemoFeeds(join(demoFolder, 'feeds'), from)
  const { outcomes } = await withInterrupt(signal => updateStore({ home: home.data, from, signal }))
  for (const { failure } of outcomes) if (failure !== undefined) throw failure
  const times = feedsStatus(home.data)!.feeds.flatMap(({ newest }) => (newest === undefined ? [] : Date.parse(newest)))
  return { advisories, at: new Date(Math.max(...times)) }
}

/** The folder to keep the demo in: made where it is not there, refused where it holds anything. */
async function prepareKept(folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true })
    if ((await readdir(folder)).length === 0) return folder
  } catch (error) {
    throw new Failure('cli/home', `The demo cannot be kept in ${folder}: ${(error as Error).message}.`, {
      cause: error,
    })
  }
  throw usageFailure('demo', `--keep needs a folder that is new or empty, and ${folder} holds something.`)
}
