import type { CommandName } from './commands.ts'

/** What a command gets: its words after the command's name. It gives the process's exit code. */
type RunCommand = (words: readonly string[]) => Promise<number>

const loaders: Readonly<Record<CommandName, () => Promise<RunCommand>>> = {
  scan: async () => (await import('./scan.ts')).runScan,
  sbom: async () => (await import('./sbom.ts')).runSbom,
  policy: async () => (await import('./policy.ts')).runPolicy,
  feeds: async () => (await import('./feeds.ts')).runFeeds,
  demo: async () => (await import('./demo.ts')).runDemo,
  completion: async () => (await import('./completion.ts')).runCompletion,
}

/** Loads a command's implementation, and nothing else's. */
export function loadCommand(name: CommandName): Promise<RunCommand> {
  return loaders[name]()
}
