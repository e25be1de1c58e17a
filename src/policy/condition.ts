import { type ASTNode, Environment } from '@marcbachmann/cel-js'
import { closest } from '#lib/closest.ts'
import type { CompilePattern, LinearPattern } from '#lib/linear-pattern.ts'
import { severities, severityRank } from '#model/severity.ts'
import { type FindingPath, findingPaths } from './condition-paths.ts'

/** A CEL expression (https://cel.dev) that was parsed and type-checked, and says yes or no of a finding. */
export interface Condition {
  /** As written in the document. */
  readonly source: string
  /** What of a finding makes a difference. */
  readonly reads: readonly FindingPath[]
  readonly evaluate: (variables: Variables) => Outcome
}

/** Yes, no, or why neither could be said: never a yes or a no that missing data made up. */
export type Outcome = boolean | { readonly error: string }

/** What an expression sees. Integers are BigInt, as CEL's `int` wants it; members that are not known are absent. */
export interface Variables {
  readonly finding: object
  readonly image: object
  readonly stage: string
  readonly now: Date
}

const timestamp = 'google.protobuf.Timestamp'

/** The members of `finding` and their CEL types. The reference page of the policy language is written from it. */
export const findingFields = {
  kind: 'string',
  id: 'string',
  aliases: 'list<string>',
  severity: 'int',
  score: 'double',
  epss: 'double',
  kev: 'bool',
  ransomware: 'bool',
  fix: { available: 'bool', version: 'string', age: 'int' },
  package: {
    name: 'string',
    version: 'string',
    type: 'string',
    purl: 'string',
    path: 'string',
    dev: 'bool',
    base: 'bool',
    owner: 'string',
  },
  cwes: 'list<string>',
  published: timestamp,
  age: 'int',
  support: 'string',
} as const

/** The members of `image` and their CEL types; empty for targets that are no image. */
export const imageFields = { labels: 'map<string, string>', tags: 'list<string>', repository: 'string' } as const

/** Longer expressions are refused. */
const maxLength = 4000

/** Compiles an expression, or says in one sentence what is wrong with it. Without `compilePattern`, `matches` is wrong. */
export function compileCondition(
  source: string,
  compilePattern: CompilePattern = noPattern,
): Condition | { readonly error: string } {
  if (source.length > maxLength) return { error: `is longer than ${maxLength} characters` }
  const checked = environment(compilePattern).check(source)
  if (!checked.valid) return { error: explain(source, checked.error) }
  if (checked.type !== 'bool') return { error: `has to be true or false, but is of type ${checked.type}` }
  const run = environment(compilePattern).parse(source)
  const pattern = useLinearPatterns(run.ast, compilePattern)
  if (pattern !== undefined) return { error: pattern }
  return { source, reads: findingPaths(run.ast), evaluate: variables => evaluate(run, variables) }
}

function evaluate(run: (variables: Record<string, unknown>) => unknown, variables: Variables): Outcome {
  try {
    const value = run({ ...variables })
    return typeof value === 'boolean' ? value : { error: `is ${typeof value}, not true or false` }
  } catch (cause) {
    const text = summary(cause)
    const field = /^No such key: (\S+)$/.exec(text)?.[1]
    return { error: field === undefined ? text : `${field} is not known (guard it with has(…))` }
  }
}

/**
 * CEL promises linear time, and patterns here run on names that an attacker chose; the library's own `matches` is
 * JavaScript's, which promises nothing. Renames each call of it to ours, which cannot have the same name beside it, and
 * tells what is wrong with a pattern that is written out.
 */
function useLinearPatterns(node: unknown, compilePattern: CompilePattern): string | undefined {
  if (typeof node !== 'object' || node === null) return undefined
  const next = (part: unknown) => useLinearPatterns(part, compilePattern)
  if (Array.isArray(node)) return node.map(next).find(error => error !== undefined)
  const { op, args } = node as Partial<ASTNode>
  if (op === 'rcall' && Array.isArray(args) && args[0] === 'matches') {
    const call: unknown[] = args
    call[0] = 'matchesLinearly'
    const [pattern] = call[2] as readonly ASTNode[]
    const text: unknown = pattern?.op === 'value' ? pattern.args : undefined
    const made = typeof text === 'string' ? compilePattern(text) : undefined
    if (made !== undefined && 'error' in made) return `has a pattern that cannot be used: ${text} ${made.error}`
  }
  return next(args)
}

/** More patterns than a policy writes down come from data, and are not kept. */
const maxPatterns = 200

function linearMatcher(compilePattern: CompilePattern): (text: string, source: string) => boolean {
  const patterns = new Map<string, LinearPattern>()
  return (text, source) => {
    const known = patterns.get(source)
    if (known !== undefined) return known.test(text)
    const made = compilePattern(source)
    if ('error' in made) throw new Error(`the pattern ${source} ${made.error}`)
    if (patterns.size < maxPatterns) patterns.set(source, made)
    return made.test(text)
  }
}

const noPattern: CompilePattern = () => ({ error: 'needs an engine for patterns, which is not there' })

const environments = new Map<CompilePattern, Environment>()

/** Made once and late: registering types costs more than a whole evaluation. */
function environment(compilePattern: CompilePattern): Environment {
  const known = environments.get(compilePattern)
  if (known !== undefined) return known
  const made = new Environment({ limits: { maxAstNodes: 1000, maxDepth: 50 } })
    .registerVariable({ name: 'finding', schema: findingFields })
    .registerVariable({ name: 'image', schema: imageFields })
    .registerVariable('stage', 'string')
    .registerVariable('now', timestamp)
    .registerFunction('string.matchesLinearly(string): bool', linearMatcher(compilePattern))
  for (const severity of severities) made.registerConstant(severity, 'int', BigInt(severityRank(severity)))
  environments.set(compilePattern, made)
  return made
}

function explain(
  source: string,
  error: { summary?: string; range?: { start: number; end: number } } | undefined,
): string {
  const text = summary(error)
  const place = error?.range === undefined ? '' : ` (at character ${error.range.start + 1})`
  return `${text}${place}${hint(source, text)}`
}

/** Words of help for the mistakes that people make. */
function hint(source: string, text: string): string {
  const unknown = /^(?:Unknown variable|No such key): (\S+)$/.exec(text)
  if (unknown !== null) {
    const known = text.startsWith('Unknown') ? variableNames() : fieldNames()
    const meant = closest(unknown[1] ?? '', known)
    return meant === undefined ? `; known are ${known.join(', ')}` : `; did you mean ${meant}?`
  }
  if (
    text.includes('overload: ') &&
    text.includes('int') &&
    text.includes('string') &&
    /["'](?:UNKNOWN|NONE|LOW|MEDIUM|HIGH|CRITICAL)["']/i.test(source)
  )
    return '; write severities without quotes: finding.severity >= HIGH'
  return ''
}

function variableNames(): string[] {
  return ['finding', 'image', 'stage', 'now', ...severities]
}

function fieldNames(): string[] {
  const names = [findingFields, findingFields.fix, findingFields.package, imageFields].flatMap(Object.keys)
  return [...new Set(names)]
}

function summary(error: unknown): string {
  const { summary: short, message } = error as { summary?: string; message?: string }
  return (short ?? message ?? 'is not an expression').split('\n')[0] ?? ''
}
