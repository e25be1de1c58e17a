import { readFile } from 'node:fs/promises'
import { scan } from '#engine/scan.ts'
import { Failure } from '#lib/failure.ts'
import { type Stage, stages } from '#model/stage.ts'
import type { Verdict } from '#model/verdict.ts'
import { defaultPolicyFile, defaultPolicyName } from '#policy/default-policy.ts'
import { failOnPolicy } from '#policy/fail-on.ts'
import { parsePolicy } from '#policy/parse.ts'
import type { Policy } from '#policy/types.ts'
import { type Flags, readFlags, usageFailure } from './flags.ts'
import { readOutputs, writeReports } from './output.ts'
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
  const result = await withPorts(flags, ports =>
    scan({ target, open: openOptions(flags), policy, stage, version }, ports),
  )
  await writeReports(result, outputs, flags)
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
export function openOptions(flags: Flags): {
  readonly platform?: string
  readonly insecureRegistries: readonly string[]
} {
  const platform = flags.value('platform')
  return { ...(platform !== undefined && { platform }), insecureRegistries: flags.values('insecure-registry') }
}

async function choosePolicy(flags: Flags): Promise<Policy> {
  const file = flags.value('policy')
  const levels = flags.value('fail-on')
  if (file !== undefined && levels !== undefined)
    throw usageFailure('scan', '--policy and --fail-on exclude each other.')
  if (levels !== undefined) return failOnPolicy(levels.split(',').map(level => level.trim()))
  if (file === undefined) return parsePolicy(await readFile(defaultPolicyFile, 'utf8'), defaultPolicyName)
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
