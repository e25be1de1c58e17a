import type { AdvisoryReader } from '#advisories/types.ts'
import type { Distro } from '#model/distro.ts'
import type { SupportFinding } from '#model/finding.ts'
import type { Ports } from './ports.ts'

/**
 * Says whether a distribution release is past its support at a moment. Past regular but within extended support
 * (Debian LTS, Ubuntu Pro, RHEL ELS) is `extended`; past the last date of all it has `ended`. Dates are inclusive: the
 * last day is still supported.
 */
export function judgeSupport(
  distro: Distro | undefined,
  context: { readonly advisories: AdvisoryReader; readonly at: Date; readonly hash: Ports['hash'] },
): SupportFinding | undefined {
  const dates = distro === undefined ? undefined : context.advisories.support(distro)
  if (distro === undefined || dates?.regularUntil === undefined) return undefined
  const today = context.at.toISOString().slice(0, 10)
  const lastUntil =
    dates.lastUntil !== undefined && dates.lastUntil > dates.regularUntil ? dates.lastUntil : dates.regularUntil
  if (today <= dates.regularUntil) return undefined
  const support = today <= lastUntil ? 'extended' : 'ended'
  const hasher = context.hash('sha256')
  hasher.update(['end-of-life', dates.product, dates.cycle].join('|'))
  return {
    kind: 'end-of-life',
    fingerprint: hasher.hex(),
    subject: distro.name,
    support,
    regularUntil: dates.regularUntil,
    lastUntil,
    severity: support === 'ended' ? 'HIGH' : 'LOW',
  }
}
