import { apk } from './apk/index.ts'
import { deb } from './deb/index.ts'
import { golang } from './golang/index.ts'
import { maven } from './maven/index.ts'
import { npm } from './npm/index.ts'
import { pypi } from './pypi/index.ts'
import { rpm } from './rpm/index.ts'
import type { Ecosystem } from './types.ts'

/** Every ecosystem, alphabetical: one line each. */
export const ecosystems: readonly Ecosystem[] = [apk, deb, golang, maven, npm, pypi, rpm]
