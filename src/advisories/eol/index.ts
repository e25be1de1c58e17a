import type { AdvisorySource } from '#advisories/types.ts'

/** Until when distributions are supported. */
export const eol: AdvisorySource = {
  id: 'eol',
  title: 'endoflife.date support dates',
  spec: 'https://endoflife.date/docs/api/v1/',
  url: 'https://endoflife.date/api/v1/products/full',
  license: 'MIT',
  cadence: 'days',
}
