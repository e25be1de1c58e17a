import { readFile } from 'node:fs/promises'
import { defaultPolicyFile, defaultPolicyName } from '#policy/default-policy.ts'
import { readPolicy } from '#policy/read-policy.ts'
import type { Policy } from '#policy/types.ts'

/** What `default.yaml` says, put here when the code is bundled: a scan need not load what reads YAML. */
declare const bundledPolicy: unknown

/** The policy that Sluice ships. */
export async function loadDefaultPolicy(): Promise<Policy> {
  if (typeof bundledPolicy !== 'undefined') return readPolicy(bundledPolicy, defaultPolicyName)
  const { parsePolicy } = await import('#policy/parse.ts')
  return parsePolicy(await readFile(defaultPolicyFile, 'utf8'), defaultPolicyName)
}
