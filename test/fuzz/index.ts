import type { FuzzTarget } from '#tools/fuzz/target.ts'
import { advisoryTargets } from './advisories.ts'
import { documentTargets } from './documents.ts'
import { imageTargets } from './images.ts'
import { languagePackageTargets } from './language-packages.ts'
import { networkTargets } from './network.ts'
import { systemPackageTargets } from './system-packages.ts'
import { textTargets } from './texts.ts'

/** Every parser that reads what others write. */
export const targets: readonly FuzzTarget[] = [
  ...documentTargets,
  ...systemPackageTargets,
  ...languagePackageTargets,
  ...imageTargets,
  ...advisoryTargets,
  ...networkTargets,
  ...textTargets,
]
