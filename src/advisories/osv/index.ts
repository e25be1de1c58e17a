import type { AdvisorySource } from '#advisories/types.ts'

/** Advisories of all ecosystems in one format, as osv.dev publishes them in its bucket. */
export const osv: AdvisorySource = {
  id: 'osv',
  title: 'OSV advisories',
  spec: 'https://ossf.github.io/osv-schema/',
  url: 'https://storage.googleapis.com/osv-vulnerabilities',
  license: "each database's own, mostly CC-BY-4.0 and CC0-1.0 (https://google.github.io/osv.dev/data/)",
  cadence: 'minutes',
}
