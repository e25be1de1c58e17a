import { RE2JS, RE2JSException } from 're2js'

/** A pattern that answers in time proportional to the text, whatever both are. */
export interface LinearPattern {
  /** True where some part of the text matches. */
  readonly test: (text: string) => boolean
}

/** Gives a pattern, or what is wrong with its text. */
export type CompilePattern = (source: string) => LinearPattern | { readonly error: string }

/**
 * Compiles a pattern in the syntax of RE2 (https://github.com/google/re2/wiki/Syntax), or says what is wrong with it.
 * JavaScript's own engine goes back and tries again, which takes forever for `^(a|a)*$`; RE2 follows all ways at once,
 * and refuses what grows too large.
 */
export function compilePattern(source: string): LinearPattern | { readonly error: string } {
  try {
    const pattern = RE2JS.compile(source)
    return { test: text => pattern.matcher(text).find() }
  } catch (error) {
    if (error instanceof RE2JSException)
      return { error: `is no pattern of RE2: ${error.message.replace('error parsing regexp: ', '')}` }
    throw error
  }
}
