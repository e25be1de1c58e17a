import { homedir, tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** The only folders that Sluice writes to, besides the report files it is told to. */
export interface Home {
  /** Advisories: costly to lose, never wrong to keep. */
  readonly data: string
  /** Facts of layers: may be deleted at any time. */
  readonly cache: string
  /** Spooled bytes of the run; emptied by the run itself. */
  readonly temporary: string
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * `SLUICE_HOME` where it is set, else the XDG data and cache folders
 * (https://specifications.freedesktop.org/basedir-spec/latest/). Relative values are ignored, as that page asks.
 */
export function locateHome(environment: Environment): Home {
  const own = environment.SLUICE_HOME
  if (own !== undefined && own !== '') {
    const root = isAbsolute(own) ? own : join(process.cwd(), own)
    return { data: join(root, 'data'), cache: join(root, 'cache'), temporary: join(root, 'tmp') }
  }
  const home = environment.HOME || safeHome()
  const data = join(absolute(environment.XDG_DATA_HOME) ?? join(home, '.local', 'share'), 'sluice')
  const cache = join(absolute(environment.XDG_CACHE_HOME) ?? join(home, '.cache'), 'sluice')
  return { data, cache, temporary: join(cache, 'tmp') }
}

function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined
}

/** A user without an entry in the password database has no home: fall back to what is always there. */
function safeHome(): string {
  try {
    return homedir()
  } catch {
    return tmpdir()
  }
}
