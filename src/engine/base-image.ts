import { asArray, asString, member } from '#lib/json.ts'
import type { Introduction } from '#model/package.ts'
import type { ImageLayer } from '#model/target.ts'

/** Longer build steps are cut: they are shown to people, and patterns run over them. */
const maxStepLength = 4096

/** One step of an image's history (https://github.com/opencontainers/image-spec/blob/main/config.md). */
interface Step {
  readonly createdBy: string
  readonly empty: boolean
}

/**
 * The layers of an image with their build steps, and which of them the base image brought.
 *
 * An image does not name its base, so the history is read: a base image ends by setting its command, so what lies at or
 * below the last `CMD` or `ENTRYPOINT` that is followed by further layers is the base. Without such a step, the lowest
 * layer is the base where others lie on it and it `holdsSystem`: files that name an operating system.
 */
export function describeLayers(
  config: unknown,
  diffIds: readonly string[],
  holdsSystem: boolean,
): readonly ImageLayer[] {
  const steps = asArray(member(config, 'history')).map(
    (entry): Step => ({
      createdBy: (asString(member(entry, 'created_by')) || asString(member(entry, 'comment')) || '').slice(
        0,
        maxStepLength,
      ),
      empty: member(entry, 'empty_layer') === true,
    }),
  )
  const making = steps.filter(step => !step.empty)
  const known = making.length === diffIds.length
  const baseCount = known ? baseByHistory(steps) : 0
  const bases = baseCount > 0 ? baseCount : diffIds.length > 1 && holdsSystem ? 1 : 0
  return diffIds.map((diffId, index) => {
    const step = known ? making[index]?.createdBy : undefined
    return { diffId, ...(step !== undefined && step !== '' && { step: readableStep(step) }), base: index < bases }
  })
}

/** How packages come into an image with each of its layers. */
export function introductionsBy(layers: readonly ImageLayer[]): readonly Introduction[] {
  return layers.map(({ diffId, step, base }, layer) => ({ layer, diffId, ...(step !== undefined && { step }), base }))
}

function baseByHistory(steps: readonly Step[]): number {
  const lastLayer = steps.findLastIndex(step => !step.empty)
  const end = steps.slice(0, Math.max(lastLayer, 0)).findLastIndex(step => step.empty && setsCommand(step.createdBy))
  return end < 0 ? 0 : steps.slice(0, end).filter(step => !step.empty).length
}

function setsCommand(createdBy: string): boolean {
  return /^(?:\/bin\/sh -c #\(nop\) +)?(?:CMD|ENTRYPOINT) /.test(createdBy)
}

/** Removes what builders put around the words of the Dockerfile. */
function readableStep(createdBy: string): string {
  if (createdBy.startsWith('/bin/sh -c #(nop)')) return createdBy.slice(17).trim()
  const classic = afterShell(createdBy)
  if (classic !== undefined) return `RUN ${classic.trim()}`
  const step = createdBy.replace(/ # buildkit$/, '')
  const command = step.startsWith('RUN ') ? afterShell(step.slice(4)) : undefined
  return command === undefined ? step : `RUN ${command}`
}

/** What a step gives to the shell; build arguments stand before it, as in `|1 VERSION=2 /bin/sh -c make`. */
function afterShell(step: string): string | undefined {
  const shell = '/bin/sh -c '
  if (step.startsWith(shell)) return step.slice(shell.length)
  const at = /^\|\d/.test(step) ? step.indexOf(` ${shell}`) : -1
  return at < 0 ? undefined : step.slice(at + 1 + shell.length)
}
