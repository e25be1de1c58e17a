import { Failure } from '#lib/failure.ts'
import { lackingEcosystems } from './lacking.ts'
import { type UpdateOptions, updateStore } from './update.ts'

/**
 * Makes sure that the store holds these ecosystems (a release is ignored), fetching only those it lacks, with KEV, EPSS
 * and support dates the first time. What is held is not updated. Throws `feeds/unavailable` where one cannot be had: a
 * verdict without its advisories would be a guess.
 */
export async function ensureEcosystems(
  options: Omit<UpdateOptions, 'from' | 'ecosystems'> & { readonly ecosystems: readonly string[] },
): Promise<void> {
  const wanted = lackingEcosystems(options.home, options.ecosystems)
  if (wanted.length === 0) return
  const { outcomes } = await updateStore({ ...options, ecosystems: wanted })
  const failed = outcomes.filter(outcome => outcome.failure !== undefined && outcome.feed.startsWith('osv/'))
  if (failed.length === 0) return
  const names = failed.map(outcome => outcome.feed.slice(4)).join(', ')
  throw new Failure('feeds/unavailable', `There are no advisories for ${names}: ${failed[0]!.failure!.message}`, {
    hint: 'Without a network, `sluice feeds update --from DIR` takes them from a copy of the OSV bucket.',
    cause: failed[0]!.failure,
  })
}
