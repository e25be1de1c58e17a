import { compilePattern } from '#lib/linear-pattern.ts'
import { parseYaml } from '#lib/yaml.ts'
import { throwFaults } from './faults.ts'
import { readPolicy } from './read-policy.ts'
import type { Policy } from './types.ts'

/**
 * Reads the text of a policy document (YAML, or JSON which is YAML too). `name` is what messages call it. Throws a
 * `Failure` with the code `policy/invalid` that lists everything that is wrong, each with its path in the document.
 */
export function parsePolicy(text: string, name: string): Policy {
  let value: unknown
  try {
    value = parseYaml(text)
  } catch (cause) {
    throwFaults([`cannot be read: ${cause instanceof Error ? cause.message.split('\n')[0] : 'unknown reason'}`], name)
  }
  return readPolicy(value, name, compilePattern)
}
