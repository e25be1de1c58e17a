import type { AdvisorySource } from '#advisories/types.ts'

/** Vulnerabilities known to be exploited. */
export const kev: AdvisorySource = {
  id: 'kev',
  title: 'CISA known exploited vulnerabilities',
  spec: 'https://www.cisa.gov/known-exploited-vulnerabilities-catalog',
  url: 'https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json',
  license: 'CC0-1.0',
  cadence: 'working days',
}
