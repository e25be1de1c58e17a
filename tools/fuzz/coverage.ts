import { type Profiler, Session } from 'node:inspector'

/** A stretch of source text, from `start` up to `end`. */
type Stretch = readonly [start: number, end: number]

/** How much of some source files was run, in characters. */
export interface CoverageShare {
  readonly run: number
  readonly total: number
}

/**
 * What V8 has run of the modules that matter: precise block coverage of this thread
 * (https://chromedevtools.github.io/devtools-protocol/v8/Profiler/). Only what was never run before counts as new.
 */
export class Coverage {
  readonly #session = new Session()
  readonly #matters: (url: string) => boolean
  /** What was never run yet, by function: script, then where it starts and ends. */
  readonly #unrun = new Map<string, Map<string, readonly Stretch[]>>()
  readonly #lengths = new Map<string, number>()
  #peeked: readonly Profiler.ScriptCoverage[] = []

  constructor(matters: (url: string) => boolean) {
    this.#matters = matters
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** Takes in what ran since the last call; true where some of it never ran before. */
  take(): boolean {
    return this.#merge(this.#report())
  }

  /** True where something never ran before the last call; it stays new until `settle` takes it in. */
  peek(): boolean {
    this.#peeked = this.#report()
    return this.#peeked.some(script => script.functions.some(part => this.#unrunBy(script.url, part).isNew))
  }

  /** Takes in what `peek` saw, for what does not run again: what is done once and remembered. */
  settle(): void {
    this.#merge(this.#peeked)
    this.#peeked = []
  }

  /** How much of the modules at these addresses (by their beginning) was run so far. */
  shareOf(prefixes: readonly string[]): CoverageShare {
    let total = 0
    let unrun = 0
    for (const [url, length] of this.#lengths) {
      if (!prefixes.some(prefix => url.startsWith(prefix))) continue
      total += length
      unrun += unionLength([...(this.#unrun.get(url)?.values() ?? [])].flat())
    }
    return { run: total - unrun, total }
  }

  close(): void {
    this.#session.disconnect()
  }

  #report(): readonly Profiler.ScriptCoverage[] {
    let result: readonly Profiler.ScriptCoverage[] = []
    // Within one thread the answer comes before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error === null) result = answer.result
    })
    return result.filter(({ url }) => this.#matters(url))
  }

  #merge(scripts: readonly Profiler.ScriptCoverage[]): boolean {
    let isAnyNew = false
    for (const { url, functions } of scripts) {
      const known = this.#unrun.get(url) ?? new Map<string, readonly Stretch[]>()
      this.#unrun.set(url, known)
      for (const part of functions) {
        const { key, after, isNew, end } = this.#unrunBy(url, part)
        if (key.startsWith('0-')) this.#lengths.set(url, Math.max(this.#lengths.get(url) ?? 0, end))
        known.set(key, after)
        isAnyNew ||= isNew
      }
    }
    return isAnyNew
  }

  /** What of a function is still not run after this report. */
  #unrunBy(url: string, { ranges }: Profiler.FunctionCoverage) {
    const { startOffset = 0, endOffset = 0 } = ranges[0] ?? {}
    const key = `${startOffset}-${endOffset}`
    const before = this.#unrun.get(url)?.get(key) ?? [[startOffset, endOffset] as const]
    if (before.length === 0) return { key, after: before, isNew: false, end: endOffset }
    const idle = ranges.filter(({ count }) => count === 0).map(range => [range.startOffset, range.endOffset] as const)
    const after = common(before, idle)
    return { key, after, isNew: unionLength(after) < unionLength(before), end: endOffset }
  }
}

/** What lies in both lists. */
function common(a: readonly Stretch[], b: readonly Stretch[]): readonly Stretch[] {
  return a.flatMap(([start, end]) =>
    b.flatMap(([from, to]): readonly Stretch[] => {
      const low = Math.max(start, from)
      const high = Math.min(end, to)
      return low < high ? [[low, high]] : []
    }),
  )
}

function unionLength(stretches: readonly Stretch[]): number {
  let length = 0
  let reached = 0
  for (const [start, end] of [...stretches].sort((a, b) => a[0] - b[0])) {
    if (end <= reached) continue
    length += end - Math.max(start, reached)
    reached = end
  }
  return length
}
