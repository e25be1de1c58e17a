import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from './sources.ts'

/** A page of documentation. */
export interface Document {
  /** Relative to the repository. */
  readonly path: string
  readonly text: string
}

/** Every Markdown page for people: at the root, in `docs/`, `demo/` and beside the code. */
export function documents(): readonly Document[] {
  const below = (folder: string) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(name => `${folder}/${name}`)
  return [...readdirSync(root), ...['docs', 'demo', 'src'].flatMap(below)]
    .filter(path => path.endsWith('.md') && !path.includes('/fixtures/'))
    .sort()
    .map(path => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

/** Links of a page that lead to nothing: to no file, or to no heading of a page. */
export function brokenLinks({ path, text }: Document): readonly string[] {
  return [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(match => match[1]!)
    .filter(link => !/^[a-z]+:/.test(link))
    .filter(link => {
      const [file, heading] = link.split('#')
      const target = file === '' ? path : join(dirname(path), file!)
      if (!existsSync(join(root, target))) return true
      return heading !== undefined && !headings(readFileSync(join(root, target), 'utf8')).includes(heading)
    })
}

/** Paths in code spans that begin with a folder of the repository and are not there. Patterns are left out. */
export function missingPaths({ text }: Document): readonly string[] {
  return [...text.matchAll(/`((?:src|test|docs|tools|demo|bench)\/[^`\s]*)`/g)]
    .map(match => match[1]!)
    .filter(path => !/[<>*{}…]/.test(path))
    .filter(path => !existsSync(join(root, path)))
}

/** Fenced blocks of a language. */
export function codeBlocks({ text }: Document, language: string): readonly string[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .filter(([, named]) => named === language)
    .map(([, , code]) => code!)
}

function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '')
}

/** Anchors of a page's headings, as GitHub makes them. */
function headings(text: string): readonly string[] {
  return [...text.matchAll(/^#{1,6} (.+)$/gm)].map(match =>
    match[1]!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
