import { inventory } from '#engine/scan.ts'
import { readFlags } from './flags.ts'
import { readOutputs, tellBy } from './output.ts'
import { withPorts } from './ports.ts'
import { oneTarget, openOptions } from './scan.ts'
import { version } from './version.ts'

/** `sluice sbom`: what a target is made of, with no advisory consulted. Exit code 3 where a part could not be read. */
export async function runSbom(words: readonly string[]): Promise<number> {
  const flags = readFlags('sbom', words)
  const target = oneTarget('sbom', flags)
  const outputs = readOutputs('sbom', flags)
  const request = { target, open: openOptions('sbom', flags), version }
  const result = await withPorts(flags, (ports, settle) => inventory(request, ports, tellBy(outputs, flags, settle)))
  return result.problems.length > 0 ? 3 : 0
}
