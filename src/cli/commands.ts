export type CommandName = 'scan' | 'sbom' | 'policy' | 'feeds' | 'demo' | 'completion'

/** A command as help and completion know it; `load-command.ts` has what it does. */
export interface Command {
  readonly name: CommandName
  /** One line for the list. */
  readonly summary: string
  /** What `--help` of the command shows, without its options. */
  readonly usage: string
  readonly examples: readonly string[]
  readonly options: readonly CommandOption[]
  /** Words that may follow the name. */
  readonly subcommands?: readonly string[]
}

/** One option; `value` is the placeholder's word, absent for switches. */
export interface CommandOption {
  readonly name: string
  readonly short?: string
  readonly value?: string
  readonly multiple?: boolean
  readonly help: string
  /** Values that completion offers. */
  readonly choices?: readonly string[]
}

const quiet: CommandOption = { name: 'quiet', short: 'q', help: 'Print reports and errors only.' }
const noColor: CommandOption = { name: 'no-color', help: 'Never use colour (NO_COLOR does the same).' }
const platform: CommandOption = {
  name: 'platform',
  value: 'OS/ARCH',
  help: 'Which image of a multi-platform one: linux/arm64.',
}
const insecure: CommandOption = {
  name: 'insecure-registry',
  value: 'HOST',
  multiple: true,
  help: 'Talk plain HTTP to this registry host.',
}
const limit: CommandOption = {
  name: 'limit',
  value: 'NAME=VALUE',
  multiple: true,
  help: 'Another bound than the default one, such as file-bytes=8G; a problem names the bound that it met.',
}
const at: CommandOption = {
  name: 'at',
  value: 'TIME',
  help: 'Judge as of this moment (RFC 3339), to replay a verdict.',
}

/** Where targets may come from, told once for `scan` and `sbom`. */
const targets = `A target is an image archive (docker save, OCI), an OCI layout, an image name, a root file system, a directory,
or - for standard input. Say what it is where that is not plain: docker-archive:FILE, oci:DIR, oci-archive:FILE,
registry:NAME, docker:NAME, podman:NAME, rootfs:DIR, dir:DIR.`

/** Every command, in the order help shows them. */
export const commands: readonly Command[] = [
  {
    name: 'scan',
    summary: 'Assess a target and judge it by a policy',
    usage: `sluice scan TARGET [options]\n\n${targets}`,
    examples: [
      'sluice scan nginx:1.27',
      'sluice scan build/image.tar --policy policy.yaml --stage deploy',
      'sluice scan . -o sarif=findings.sarif -o table',
      'docker save web:dev | sluice scan - --fail-on high',
    ],
    options: [
      {
        name: 'policy',
        short: 'p',
        value: 'FILE',
        help: 'The policy to judge by (default: the one that Sluice ships).',
      },
      {
        name: 'stage',
        value: 'STAGE',
        help: 'Where the verdict counts (default: build).',
        choices: ['dev', 'build', 'registry', 'deploy', 'runtime'],
      },
      {
        name: 'fail-on',
        value: 'LIST',
        help: 'Instead of a policy: what fails, such as critical, high, kev or critical,fixable.',
      },
      {
        name: 'output',
        short: 'o',
        value: 'FORMAT[=FILE]',
        multiple: true,
        help: 'A report, on standard output or in FILE; may be given several times (default: table).',
        choices: ['table', 'json', 'cyclonedx', 'sarif', 'markdown'],
      },
      { name: 'all', short: 'a', help: 'List every finding, not only what to do.' },
      { name: 'paths', help: 'Show where each package was found.' },
      { name: 'offline', help: 'Never fetch advisories; use those at hand.' },
      at,
      platform,
      insecure,
      limit,
      quiet,
      noColor,
    ],
  },
  {
    name: 'sbom',
    summary: 'List the packages of a target, with no advisories',
    usage: `sluice sbom TARGET [options]\n\n${targets}`,
    examples: ['sluice sbom web:dev', 'sluice sbom build/image.tar -o cyclonedx=sbom.cdx.json'],
    options: [
      {
        name: 'output',
        short: 'o',
        value: 'FORMAT[=FILE]',
        multiple: true,
        help: 'A report, on standard output or in FILE (default: table).',
        choices: ['table', 'json', 'cyclonedx', 'markdown'],
      },
      { name: 'paths', help: 'Show where each package was found.' },
      platform,
      insecure,
      limit,
      quiet,
      noColor,
    ],
  },
  {
    name: 'policy',
    summary: 'Check a policy, run its tests, or print the default one',
    usage: 'sluice policy check FILE\nsluice policy test FILE\nsluice policy show\nsluice policy schema',
    examples: ['sluice policy show > policy.yaml', 'sluice policy check policy.yaml', 'sluice policy test policy.yaml'],
    options: [quiet, noColor],
    subcommands: ['check', 'test', 'show', 'schema'],
  },
  {
    name: 'feeds',
    summary: 'Fetch advisories, or say how new they are',
    usage: 'sluice feeds update [ECOSYSTEM...] [--from DIR | --mirror URL]\nsluice feeds status',
    examples: [
      'sluice feeds update',
      'sluice feeds update npm Debian',
      'sluice feeds update --from /media/mirror',
      'sluice feeds update --mirror https://mirror.example/feeds',
      'sluice feeds status',
    ],
    options: [
      {
        name: 'from',
        value: 'DIR',
        help: 'Take the feeds from a folder in the layout of the public ones: osv/, kev/, epss/, eol/, or an OSV bucket alone.',
      },
      {
        name: 'mirror',
        value: 'URL',
        help: 'Take the feeds from a server with the same layout (default: SLUICE_FEEDS_MIRROR, else the public ones).',
      },
      {
        name: 'timeout',
        value: 'TIME',
        help: 'Give up on a source that takes longer, such as 90s or 2h (default: 30m).',
      },
      { name: 'json', help: 'Print the status as JSON.' },
      quiet,
      noColor,
    ],
    subcommands: ['update', 'status'],
  },
  {
    name: 'demo',
    summary: 'Put a small image together and scan it, with no network',
    usage: 'sluice demo',
    examples: ['sluice demo'],
    options: [{ name: 'keep', value: 'DIR', help: 'Leave the image and the advisories in DIR.' }, quiet, noColor],
  },
  {
    name: 'completion',
    summary: 'Print a completion script for a shell',
    usage: 'sluice completion bash|zsh|fish',
    examples: ['source <(sluice completion bash)', 'sluice completion fish > ~/.config/fish/completions/sluice.fish'],
    options: [],
    subcommands: ['bash', 'zsh', 'fish'],
  },
]
