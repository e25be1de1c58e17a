import { eol } from './eol/index.ts'
import { epss } from './epss/index.ts'
import { kev } from './kev/index.ts'
import { osv } from './osv/index.ts'
import type { AdvisorySource } from './types.ts'

export { ensureEcosystems } from './store/ensure.ts'
export { openStore } from './store/open.ts'
export { type FeedStatus, feedsStatus } from './store/status.ts'
export { type FeedOutcome, type UpdateOptions, type UpdateResult, updateStore } from './store/update.ts'

/** Every source of advisories and of what is known about them. */
export const advisorySources: readonly AdvisorySource[] = [eol, epss, kev, osv]
