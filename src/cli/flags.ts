import { parseArgs } from 'node:util'
import { closest } from '#lib/closest.ts'
import { Failure } from '#lib/failure.ts'
import { type Command, commands } from './commands.ts'

/** A command line, read by the table of its command. */
export interface Flags {
  readonly words: readonly string[]
  readonly has: (name: string) => boolean
  readonly value: (name: string) => string | undefined
  readonly values: (name: string) => readonly string[]
}

/** Reads the words of a command; throws `Failure` with a suggestion on anything its table does not name. */
export function readFlags(name: string, words: readonly string[]): Flags {
  const command = commands.find(known => known.name === name)!
  const options = Object.fromEntries(
    command.options.map(option => [
      option.name,
      {
        type: option.value === undefined ? ('boolean' as const) : ('string' as const),
        ...(option.short !== undefined && { short: option.short }),
        multiple: option.multiple === true,
      },
    ]),
  )
  try {
    const parsed = parseArgs({ args: [...words], options, allowPositionals: true, strict: true })
    const get = (flag: string) => parsed.values[flag]
    const strings = (flag: string) => [get(flag)].flat().filter(item => typeof item === 'string')
    checkChoices(command, strings)
    return {
      words: parsed.positionals,
      has: flag => get(flag) === true,
      value: flag => strings(flag)[0],
      values: strings,
    }
  } catch (error) {
    if (error instanceof Failure) throw error
    throw usage(command, error)
  }
}

/** A failure of usage that names the command's help. */
export function usageFailure(name: string, message: string): Failure {
  return new Failure('cli/usage', message, { hint: `sluice ${name} --help shows how it is used.` })
}

function checkChoices(command: Command, strings: (flag: string) => readonly string[]): void {
  for (const { name, choices } of command.options) {
    for (const value of choices === undefined ? [] : strings(name)) {
      const word = value.split('=')[0] ?? ''
      if (choices!.includes(word)) continue
      const meant = closest(word, choices!)
      throw usageFailure(
        command.name,
        `--${name} does not know '${word}'${meant ? `; did you mean ${meant}?` : '.'} It takes ${choices!.join(', ')}.`,
      )
    }
  }
}

function usage(command: Command, error: unknown): Failure {
  const code = (error as NodeJS.ErrnoException).code
  const unknown = /'(-[^']*)'/.exec(error instanceof Error ? error.message : '')?.[1]
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' && unknown !== undefined) {
    const meant = closest(
      unknown.replace(/^-+/, ''),
      command.options.map(({ name }) => name),
    )
    const guess = meant === undefined ? '' : ` Did you mean --${meant}?`
    return usageFailure(command.name, `'${unknown}' is not an option of sluice ${command.name}.${guess}`)
  }
  const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
  return usageFailure(command.name, message.endsWith('.') ? message : `${message}.`)
}
