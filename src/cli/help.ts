import { closest } from '#lib/closest.ts'
import type { Command, CommandOption } from './commands.ts'

/** What `sluice --help` shows. */
export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length))
  const list = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n')
  return `Sluice: one risk policy, one verdict, from laptop to runtime.

Usage: sluice COMMAND [options]

Commands:
${list}

  sluice COMMAND --help tells more of one; sluice --version says which Sluice this is.

Exit codes: 0 pass or warn, 1 the policy says fail, 2 the operation failed, 3 incomplete and the policy does not accept that.
Sluice keeps its advisories and caches in SLUICE_HOME (default: the XDG data and cache folders).
`
}

/** What `sluice COMMAND --help` shows. */
export function commandHelp(command: Command): string {
  const width = Math.max(0, ...command.options.map(option => spelling(option).length))
  const options = command.options.map(option => `  ${spelling(option).padEnd(width)}  ${option.help}`).join('\n')
  const examples = command.examples.map(example => `  ${example}`).join('\n')
  return [
    `${command.summary}.`,
    `Usage: ${command.usage}`,
    ...(options === '' ? [] : [`Options:\n${options}`]),
    `Examples:\n${examples}`,
    '',
  ]
    .join('\n\n')
    .replace(/\n\n$/, '\n')
}

/** An unknown command, with the one that was probably meant. */
export function unknownCommand(name: string, commands: readonly Command[]): string {
  const meant = closest(
    name,
    commands.map(command => command.name),
  )
  const hint = meant === undefined ? 'sluice --help lists the commands.' : `Did you mean 'sluice ${meant}'?`
  return `sluice: there is no command '${name.replace(/[^\x20-\x7e]/g, '?')}'.\n  ${hint}\n`
}

function spelling({ name, short, value }: CommandOption): string {
  return `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`
}
