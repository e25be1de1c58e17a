import { PatternError, type PatternNode, type Range, readPattern } from './pattern-syntax.ts'

/** A pattern that answers in time proportional to the text, whatever both are. */
export interface LinearPattern {
  /** True where some part of the text matches. */
  readonly test: (text: string) => boolean
}

/** Patterns that come to more steps are refused: each character of a text costs up to as many. */
const maxSteps = 2000

type Step =
  | Extract<PatternNode, { readonly kind: 'set' | 'assert' }>
  | { readonly kind: 'go'; readonly to: number[] }
  | { readonly kind: 'match' }

/** Steps in the making; `visits` counts nodes, since some make no step and can still be repeated. */
interface Program {
  readonly steps: Step[]
  visits: number
}

/**
 * Compiles a pattern in the syntax of RE2 (see `readPattern`), or says what is wrong with it. JavaScript's own engine
 * goes back and tries again, which takes forever for `^(a|a)*$`; this one follows all ways at once
 * (https://swtch.com/~rsc/regexp/regexp1.html), and tells only whether a text matches.
 */
export function compilePattern(source: string): LinearPattern | { readonly error: string } {
  try {
    const program: Program = { steps: [], visits: 0 }
    emit(readPattern(source), program)
    const steps: readonly Step[] = [...program.steps, { kind: 'match' }]
    return { test: text => matches(steps, text) }
  } catch (error) {
    if (error instanceof PatternError) return { error: error.message }
    throw error
  }
}

function emit(node: PatternNode, program: Program): void {
  if (++program.visits > 10 * maxSteps || program.steps.length > maxSteps)
    throw new PatternError('is too large once its repetitions are written out')
  if (node.kind === 'set' || node.kind === 'assert') program.steps.push(node)
  else if (node.kind === 'sequence') for (const part of node.parts) emit(part, program)
  else if (node.kind === 'choice') emitChoice(node.parts, program)
  else {
    for (let count = 0; count < node.least; count++) emit(node.part, program)
    if (node.most === Infinity) emitLoop(node.part, program)
    else emitOptions(node.part, node.most - node.least, program)
  }
}

function emitChoice(parts: readonly PatternNode[], program: Program): void {
  const fork = go(program)
  const ends = parts.map(part => {
    fork.push(program.steps.length)
    emit(part, program)
    return go(program)
  })
  for (const end of ends) end.push(program.steps.length)
}

function emitLoop(part: PatternNode, program: Program): void {
  const start = program.steps.length
  const fork = go(program)
  fork.push(start + 1)
  emit(part, program)
  go(program).push(start)
  fork.push(program.steps.length)
}

function emitOptions(part: PatternNode, count: number, program: Program): void {
  const forks: number[][] = []
  for (let index = 0; index < count; index++) {
    const fork = go(program)
    fork.push(program.steps.length)
    forks.push(fork)
    emit(part, program)
  }
  for (const fork of forks) fork.push(program.steps.length)
}

/** Appends a step that leads on without a character; where to is for the caller to fill in. */
function go(program: Program): number[] {
  const to: number[] = []
  program.steps.push({ kind: 'go', to })
  return to
}

function matches(steps: readonly Step[], text: string): boolean {
  /** The place in the text at which a step was last reached, so that none is followed twice from one place. */
  const reached = new Int32Array(steps.length).fill(-1)
  let waiting: number[] = []
  for (let at = 0; at <= text.length; ) {
    const code = text.codePointAt(at)
    const next: number[] = []
    // A match may begin anywhere.
    const open = [0, ...waiting]
    for (let step = open.pop(); step !== undefined; step = open.pop()) {
      if (reached[step] === at) continue
      reached[step] = at
      const doing = steps[step]!
      if (doing.kind === 'match') return true
      if (doing.kind === 'go') open.push(...doing.to)
      else if (doing.kind === 'assert') holds(doing.what, text, at) && open.push(step + 1)
      else if (code !== undefined && contains(doing.ranges, code) !== doing.not) next.push(step + 1)
    }
    waiting = next
    at += code !== undefined && code > 0xffff ? 2 : 1
  }
  return false
}

function contains(ranges: readonly Range[], code: number): boolean {
  return ranges.some(([from, to]) => code >= from && code <= to)
}

function holds(what: 'start' | 'end' | 'edge' | 'inside', text: string, at: number): boolean {
  if (what === 'start') return at === 0
  if (what === 'end') return at === text.length
  const isEdge = isWord(text.charCodeAt(at - 1)) !== isWord(text.charCodeAt(at))
  return isEdge === (what === 'edge')
}

/** Of ASCII, as RE2 counts them; false before the start and after the end, whose code is no number. */
function isWord(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || code === 0x5f || (code >= 0x61 && code <= 0x7a)
  )
}
