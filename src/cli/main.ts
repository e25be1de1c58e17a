import { loadCommand } from './load-command.ts'
import { writeOut } from './standard-output.ts'
import { version } from './version.ts'

/** Start-up is the whole cost of small answers: nothing is imported before it is known to be needed. */
async function main(words: readonly string[]): Promise<number> {
  const [name, ...rest] = words
  if (name === '--version' || name === '-V' || name === 'version') {
    writeOut(`sluice ${version}\n`)
    return 0
  }
  const { commands } = await import('./commands.ts')
  const help = await import('./help.ts')
  if (name === undefined || name === '--help' || name === '-h') {
    writeOut(help.overview(commands))
    return 0
  }
  if (name === 'help') {
    const wanted = commands.find(command => command.name === rest[0])
    writeOut(wanted === undefined ? help.overview(commands) : help.commandHelp(wanted))
    return 0
  }
  const command = commands.find(({ name: known }) => known === name)
  if (command === undefined) {
    process.stderr.write(help.unknownCommand(name, commands))
    return 2
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    writeOut(help.commandHelp(command))
    return 0
  }
  const remember = command.name === 'scan' || command.name === 'sbom' ? await headStartOf(rest) : undefined
  const run = await loadCommand(command.name)
  const code = await run(rest)
  // What is incomplete is not cached.
  if (code < 2) remember?.()
  return code
}

async function headStartOf(words: readonly string[]) {
  const { headStart } = await import('./head-start.ts')
  return headStart(words)
}

// Nothing is left to do by then, and the system takes memory back faster than Node takes its heap apart.
process.once('exit', () => process.exit())

// Not awaited here: the bundle is of a kind of module that cannot.
main(process.argv.slice(2))
  .catch(async error => (await import('./failures.ts')).report(error))
  .then(code => {
    process.exitCode = code
  })
