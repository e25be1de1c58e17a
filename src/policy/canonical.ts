import { compareText } from '#lib/text.ts'
import { stages } from '#model/stage.ts'
import type { Policy, Rule } from './types.ts'

/**
 * One text per meaning: two documents that judge alike up to layout and comments have the same. The caller hashes it;
 * the result is the policy digest of every verdict. Tests are left out, because they change no verdict.
 */
export function canonicalPolicy(policy: Policy): string {
  const { metadata, scope, data, onIncomplete, rules, waivers } = policy
  return stringify({
    apiVersion: 'sluice/v1',
    metadata,
    scope,
    data,
    onIncomplete,
    rules: rules.map(plainRule),
    waivers,
  })
}

function plainRule(rule: Rule): object {
  const { when, grace, stages: actions, ...rest } = rule
  return {
    ...rest,
    when: when.source,
    ...(grace !== undefined && { grace: { ...grace, unless: grace.unless?.source } }),
    stages: Object.fromEntries(stages.filter(stage => actions.has(stage)).map(stage => [stage, actions.get(stage)])),
  }
}

/** JSON with sorted members and without undefined ones. */
function stringify(value: unknown): string {
  return JSON.stringify(value, (_key, item) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => compareText(a, b)))
      : item,
  )
}
