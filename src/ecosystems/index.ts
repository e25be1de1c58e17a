import { deb } from './deb/index.ts'
import { golang } from './golang/index.ts'
import { npm } from './npm/index.ts'
import { rpm } from './rpm/index.ts'
import type { Ecosystem } from './types.ts'

/** Every ecosystem, alphabetical: one line each. */
export const ecosystems: readonly Ecosystem[] = [deb, golang, npm, rpm]
