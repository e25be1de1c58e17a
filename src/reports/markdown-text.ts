import { printable } from '#lib/terminal.ts'

/**
 * Text from outside as a code span (https://github.github.com/gfm/#code-spans): nothing in it is markup, a mention or a
 * link. A `|` becomes `¦`, because inside a table there is no escape for it that all renderers agree on.
 */
export function markdownCode(text: string): string {
  const content = printable(text).replaceAll('|', '¦').trim()
  if (content === '') return '` `'
  const runs = content.match(/`+/g) ?? []
  const fence = '`'.repeat(Math.max(0, ...runs.map(run => run.length)) + 1)
  const padding = content.startsWith('`') || content.endsWith('`') ? ' ' : ''
  return `${fence}${padding}${content}${padding}${fence}`
}

/**
 * Text from outside as prose: every sign that could be markup is escaped, and what code hosts link after rendering
 * (`@name`, `#12`, addresses) is broken up with a zero-width space.
 */
export function markdownText(text: string): string {
  return printable(text)
    .replaceAll('|', '¦')
    .replace(/[\\`*_{}[\]()<>#+\-.!~&:=^$"']/g, character => `\\${character}`)
    .replace(/\\#|@/g, character => `${character}\u200b`)
    .replace(/\b(https?|ftp|www|mailto|xmpp)(?=\\)/gi, '$1\u200b')
}
