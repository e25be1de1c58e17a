import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The repository's root. */
export const root = join(import.meta.dirname, '..', '..')

/** One TypeScript file of `src/`, without tests and fixtures. */
export interface SourceFile {
  /** Relative to `src/`. */
  readonly path: string
  readonly text: string
  /** Module specifiers of every static and dynamic import. */
  readonly imports: readonly string[]
}

/** Every TypeScript file that ships. */
export function sourceFiles(): readonly SourceFile[] {
  return readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .map(path => path.replaceAll('\\', '/'))
    .filter(path => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.includes('/fixtures/'))
    .sort()
    .map(path => {
      const text = readFileSync(join(root, 'src', path), 'utf8')
      return { path, text, imports: importsOf(text) }
    })
}

/** Module specifiers that a source text names in imports and re-exports. */
export function importsOf(text: string): readonly string[] {
  const pattern =
    /^(?:import|export)\s(?:[\w\s{},*$]*?\sfrom\s)?\s*['"]([^'"\n]+)['"]|\bimport\(\s*['"]([^'"\n]+)['"]\s*\)/gm
  return [...text.matchAll(pattern)].map(match => match[1] ?? match[2] ?? '')
}
