import { readFile } from 'node:fs/promises'
import { scan } from '#engine/scan.ts'
import { closest } from '#lib/closest.ts'
import { Failure } from '#lib/failure.ts'
import { type LimitName, type Limits, limitDefinitions, parseLimit } from '#model/limits.ts'
import { type Stage, stages } from '#model/stage.ts'
import type { Verdict } from '#model/verdict.ts'
import type { Policy } from '#policy/types.ts'
import { loadDefaultPolicy } from './default-policy.ts'
import { type Flags, readFlags, usageFailure } from './flags.ts'
import { readOutputs, tellBy } from './output.ts'
import { withPorts } from './ports.ts'
import { version } from './version.ts'

/** `sluice scan`: flags in, reports out, and the verdict as exit code. */
export async function runScan(words: readonly string[]): Promise<number> {
  const flags = readFlags('scan', words)
  const target = oneTarget('scan', flags)
  const outputs = readOutputs('scan', flags)
  const policy = await choosePolicy(flags)
  const stage = (flags.value('stage') ?? 'build') as Stage
  if (!stages.includes(stage)) throw usageFailure('scan', `--stage takes ${stages.join(', ')}.`)
  const request = { target, open: openOptions('scan', flags), policy, stage, version }
  const result = await withPorts(flags, (ports, settle) => scan(request, ports, tellBy(outputs, flags, settle)))
  return exitCode(result.verdict!)
}

/** 0 pass or warn, 1 the policy says fail, 3 incomplete and the policy does not accept that. */
export function exitCode(verdict: Verdict): number {
  if (!verdict.blocks) return 0
  return verdict.status === 'incomplete' ? 3 : 1
}

/** The one target on the command line. */
export function oneTarget(command: string, flags: Flags): string {
  const [target, ...more] = flags.words
  if (target === undefined)
    throw usageFailure(command, `sluice ${command} needs a target: an archive, a directory or an image.`)
  if (more.length > 0) throw usageFailure(command, `sluice ${command} takes one target, not ${flags.words.length}.`)
  return target
}

/** How to open a target, as the command line says. */
export function openOptions(
  command: string,
  flags: Flags,
): {
  readonly platform?: string
  readonly insecureRegistries: readonly string[]
  readonly limits: Partial<Limits>
} {
  const platform = flags.value('platform')
  return {
    ...(platform !== undefined && { platform }),
    insecureRegistries: flags.values('insecure-registry'),
    limits: readLimits(command, flags.values('limit')),
  }
}

function readLimits(command: string, texts: readonly string[]): Partial<Limits> {
  const limits: Partial<Record<LimitName, number>> = {}
  for (const text of texts) {
    const limit = parseLimit(text)
    if (limit === undefined) throw unknownLimit(command, text)
    limits[limit.name] = limit.value
  }
  return limits
}

function unknownLimit(command: string, text: string): Failure {
  const names = limitDefinitions.map(({ name }) => name)
  const name = text.split('=')[0] ?? ''
  if (names.some(known => known === name)) {
    return usageFailure(command, `--limit ${name} needs a whole number above 0; of bytes, also one such as 8G.`)
  }
  const meant = closest(name, names)
  return usageFailure(
    command,
    `--limit does not know '${name}'${meant ? `; did you mean ${meant}?` : '.'} It takes ${names.join(', ')}.`,
  )
}

async function choosePolicy(flags: Flags): Promise<Policy> {
  const file = flags.value('policy')
  const levels = flags.value('fail-on')
  if (file !== undefined && levels !== undefined)
    throw usageFailure('scan', '--policy and --fail-on exclude each other.')
  if (levels !== undefined) {
    const { failOnPolicy } = await import('#policy/fail-on.ts')
    return failOnPolicy(levels.split(',').map(level => level.trim()))
  }
  if (file === undefined) return loadDefaultPolicy()
  const { parsePolicy } = await import('#policy/parse.ts')
  return parsePolicy(await readPolicyText(file), file)
}

/** The text of a policy file; throws `Failure` where it cannot be read. */
export async function readPolicyText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new Failure('policy/unreadable', `The policy ${file} cannot be read: ${(error as Error).message}.`, {
      hint: 'sluice policy show prints the default policy to start from.',
      cause: error,
    })
  }
}
