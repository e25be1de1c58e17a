import type { AdvisorySource } from '#advisories/types.ts'

/** How probable it is that a vulnerability is exploited within 30 days. */
export const epss: AdvisorySource = {
  id: 'epss',
  title: 'FIRST exploit prediction scores',
  spec: 'https://www.first.org/epss/data_stats',
  url: 'https://epss.empiricalsecurity.com/epss_scores-current.csv.gz',
  license: 'free to use with attribution (https://www.first.org/epss/faq)',
  cadence: 'daily',
}
