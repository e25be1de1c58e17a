import { type Command, commands } from './commands.ts'
import { readFlags, usageFailure } from './flags.ts'
import { writeOut } from './standard-output.ts'

/** `sluice completion SHELL`: a script made from the command table, so that it never lags behind. */
export async function runCompletion(words: readonly string[]): Promise<number> {
  const [shell] = readFlags('completion', words).words
  const scripts: Readonly<Record<string, () => string>> = { bash, zsh, fish }
  const script = shell === undefined || !Object.hasOwn(scripts, shell) ? undefined : scripts[shell]
  if (script === undefined) throw usageFailure('completion', 'Name a shell: bash, zsh or fish.')
  writeOut(script())
  return 0
}

function names(command: Command): string {
  return [...(command.subcommands ?? []), ...command.options.map(({ name }) => `--${name}`), '--help'].join(' ')
}

function bash(): string {
  const cases = commands.map(command => `    ${command.name}) words="${names(command)}" ;;`).join('\n')
  const choices = commands
    .flatMap(({ name, options }) =>
      options
        .filter(option => option.choices)
        .map(option => `    ${name}:--${option.name}) words="${option.choices!.join(' ')}" ;;`),
    )
    .join('\n')
  return `# sluice completion for bash: source <(sluice completion bash)
_sluice() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]} words=
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')} --help --version" -- "$current"))
    return
  fi
  case $command:$previous in
${choices}
  esac
  if [ -z "$words" ]; then
    case $current in -*|'') ;; *) COMPREPLY=($(compgen -f -- "$current")) ;; esac
    case $command in
${cases}
    esac
  fi
  COMPREPLY+=($(compgen -W "$words" -- "$current"))
}
complete -o filenames -o bashdefault -F _sluice sluice
`
}

function zsh(): string {
  const list = commands.map(({ name, summary }) => `    '${name}:${quoted(summary)}'`).join('\n')
  const cases = commands
    .map(command => {
      const options = command.options.map(option => {
        const many = option.multiple ? '*' : ''
        const value =
          option.value === undefined
            ? ''
            : `:${option.value}:${option.choices ? `(${option.choices.join(' ')})` : '_files'}`
        return `'${many}--${option.name}[${quoted(option.help)}]${value}'`
      })
      const rest = command.subcommands
        ? `'1:what:(${command.subcommands.join(' ')})' '*:file:_files'`
        : `'*:target:_files'`
      return `    ${command.name}) _arguments ${[...options, rest].join(' ')} ;;`
    })
    .join('\n')
  return `#compdef sluice
# sluice completion for zsh: source <(sluice completion zsh)
_sluice() {
  local -a commands=(
${list}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  local command=$words[2]
  shift words; (( CURRENT-- ))
  case $command in
${cases}
  esac
}
compdef _sluice sluice
`
}

function fish(): string {
  const lines = commands.flatMap(command => [
    `complete -c sluice -n __fish_use_subcommand -a ${command.name} -d '${quoted(command.summary)}'`,
    ...(command.subcommands ?? []).map(
      word => `complete -c sluice -n '__fish_seen_subcommand_from ${command.name}' -a ${word}`,
    ),
    ...command.options.map(option => {
      const short = option.short === undefined ? '' : ` -s ${option.short}`
      const value = option.value === undefined ? '' : option.choices ? ` -x -a '${option.choices.join(' ')}'` : ' -r'
      return `complete -c sluice -n '__fish_seen_subcommand_from ${command.name}' -l ${option.name}${short}${value} -d '${quoted(option.help)}'`
    }),
  ])
  return `# sluice completion for fish: sluice completion fish | source\n${lines.join('\n')}\n`
}

/** Help text inside single quotes and brackets of a shell script. */
function quoted(text: string): string {
  return text.replaceAll("'", '’').replace(/[[\]:]/g, character => (character === ':' ? '\\:' : ' '))
}
