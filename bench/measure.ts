import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

/** What one run of a program cost. */
export interface Cost {
  /** Seconds. */
  readonly wall: number
  /** Seconds, of all cores together. */
  readonly user: number
  readonly system: number
  /** Peak resident memory in MB. */
  readonly memory: number
  /** Megabytes that went through `read` and its relatives, page cache or not. */
  readonly read: number
}

/** A command line with what it adds to the environment. */
export interface Run {
  readonly program: string
  readonly words: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** Exit codes that mean that the work was done. */
  readonly accepts: readonly number[]
}

/** GNU time; the measuring needs Linux. */
const timer = '/usr/bin/time'

/** True where runs can be measured. */
export function canMeasure(): boolean {
  return existsSync(timer) && existsSync('/proc/self/io')
}

/** Runs a program to its end, its output thrown away. Throws where it fails, with the end of what it said. */
export function measure({ program, words, environment, accepts }: Run): Cost {
  // The shell has waited for its child when it looks at its own counters, which then hold the child's: by its own means,
  // since another program would take milliseconds of what is measured.
  const script = '"$@"; code=$?; read -r _ count <"/proc/$$/io"; echo "rchar $count" >&2; exit $code'
  const started = process.hrtime.bigint()
  const ended = spawnSync(timer, ['-f', 'cost %U %S %M', 'sh', '-c', script, 'sh', program, ...words], {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    maxBuffer: 2 ** 26,
  })
  const wall = Number(process.hrtime.bigint() - started) / 1e9
  if (!accepts.includes(ended.status ?? -1))
    throw new Error(`${program} ${words.join(' ')} ended with ${ended.status}: ${ended.stderr.slice(-2000)}`)
  const [user, system, memory] = (/^cost (.*)$/m.exec(ended.stderr)?.[1] ?? '').split(' ').map(Number)
  const read = Number(/^rchar (\d+)$/m.exec(ended.stderr)?.[1])
  return { wall, user: user!, system: system!, memory: memory! / 1024, read: read / 1e6 }
}

/** The machine, as far as it explains figures. */
export function machine(): Readonly<Record<string, string | number>> {
  const model = /^model name\s*: (.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown'
  const memory = Number(/^MemTotal:\s*(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) / 1024 / 1024
  const kernel = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim()
  return {
    model,
    cores: navigator.hardwareConcurrency,
    'memory in GB': Math.round(memory),
    kernel,
    node: process.version,
  }
}

/** Processes that want a core now, without this one: figures from a busy machine are worth little. */
export function load(): number {
  return Math.max(0, Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[3]?.split('/')[0]) - 1)
}
