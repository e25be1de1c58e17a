import { SyntaxKind } from 'typescript/unstable/ast'
import { createScanner } from 'typescript/unstable/ast/scanner'

/** One regular expression as it stands in a source text. */
export interface Expression {
  readonly pattern: string
  readonly flags: string
  readonly line: number
}

/** Tokens after which a slash divides. */
const ends: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.Identifier,
  SyntaxKind.PrivateIdentifier,
  SyntaxKind.CloseParenToken,
  SyntaxKind.CloseBracketToken,
  SyntaxKind.CloseBraceToken,
  SyntaxKind.NumericLiteral,
  SyntaxKind.BigIntLiteral,
  SyntaxKind.StringLiteral,
  SyntaxKind.NoSubstitutionTemplateLiteral,
  SyntaxKind.TemplateTail,
  SyntaxKind.ThisKeyword,
])

/** Every regular expression literal of a TypeScript or JavaScript text, found by the compiler's own scanner. */
export function expressionsOf(text: string): readonly Expression[] {
  const scanner = createScanner(true, undefined, text)
  const found: Expression[] = []
  /** For each open brace, whether it stands in a template. */
  const braces: boolean[] = []
  let [before, last]: [SyntaxKind, SyntaxKind] = [SyntaxKind.Unknown, SyntaxKind.Unknown]
  for (let token = scanner.scan(); token !== SyntaxKind.EndOfFile; token = scanner.scan()) {
    if (token === SyntaxKind.TemplateHead) braces.push(true)
    else if (token === SyntaxKind.OpenBraceToken) braces.push(false)
    else if (token === SyntaxKind.CloseBraceToken && braces.pop() === true) {
      token = scanner.reScanTemplateToken(false)
      if (token !== SyntaxKind.TemplateTail) braces.push(true)
    } else if (token === SyntaxKind.SlashToken || token === SyntaxKind.SlashEqualsToken) {
      // `a! / b` divides, `!/a/` does not.
      if (!ends.has(last === SyntaxKind.ExclamationToken ? before : last)) {
        token = scanner.reScanSlashToken()
        found.push(literal(scanner.getTokenText(), text.slice(0, scanner.getTokenStart())))
      }
    }
    before = last
    last = token
  }
  if (braces.length > 0) throw new Error('braces do not match: the scanner lost its way')
  return found
}

function literal(text: string, before: string): Expression {
  const end = text.lastIndexOf('/')
  return { pattern: text.slice(1, end), flags: text.slice(end + 1), line: before.split('\n').length }
}
