/** Runs `./sluice demo` and writes what it shows to docs/images/demo.svg: `node tools/generate-picture.ts`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drawDemo } from './draw-demo.ts'

writeFileSync(join(import.meta.dirname, '..', 'docs', 'images', 'demo.svg'), drawDemo())
