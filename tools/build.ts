import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { argv, execPath } from 'node:process'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import { parseYaml } from '#lib/yaml.ts'
import { programFile, sharedModules, snapshotFile } from './load-program.ts'

const root = join(import.meta.dirname, '..')
const cli = join(root, 'src/cli')

/** What `main` loads for small answers lies in its own file; everything else in the program's. */
const beside: ReadonlySet<string> = new Set(['./commands.ts', './help.ts', './head-start.ts'])

/** V8 takes compiled code only where it runs with the same flags: those that the launcher gives as a rule. */
export function launcherFlags(): readonly string[] {
  const launcher = readFileSync(join(root, 'sluice'), 'utf8')
  return /^v8='(.*)'$/m.exec(launcher)?.[1]?.split(' ') ?? []
}

/**
 * Bundles the command line into `folder`, which is replaced as a whole: `main.cjs`, which answers small questions by
 * itself; the program, in one file, since each further file costs a start more than the code in it; and what the program
 * was compiled to. Not minified, so that stack traces read. Files that the code finds beside itself, or two folders up,
 * are where they were: `folder` has to lie as deep as `src/cli`.
 */
export async function buildProgram(folder: string): Promise<void> {
  const aside = `${folder}.${process.pid}`
  const parts = new Set<string>()
  await build({
    ...common,
    entryPoints: [join(cli, 'main.ts')],
    outfile: join(aside, 'main.cjs'),
    plugins: [loadingProgram(parts)],
  })
  const exports = [...parts]
    .sort()
    .map(part => `exports[${JSON.stringify(part)}] = () => require(${JSON.stringify(part)})`)
  await build({
    ...common,
    stdin: { contents: exports.join('\n'), resolveDir: cli, loader: 'js' },
    outfile: join(aside, programFile),
    plugins: [sharing],
    // Late modules are asked for with `require`, which loads Node's own late too.
    supported: { 'dynamic-import': false },
    define: {
      bundledCode: JSON.stringify(digestOfSources()),
      bundledPolicy: JSON.stringify(parseYaml(readFileSync(join(root, 'src/policy/default.yaml'), 'utf8'))),
      'import.meta.url': 'bundleUrl',
      'import.meta.dirname': '__dirname',
    },
    banner: {
      js: `(function (module, __filename, require) {
const exports = module.exports, __dirname = require('node:path').dirname(__filename);
const bundleUrl = require('node:url').pathToFileURL(__filename).href;`,
    },
    footer: { js: '})' },
  })
  for (const file of ['default.yaml', 'policy.schema.json'])
    copyFileSync(join(root, 'src/policy', file), join(aside, file))
  compile(aside)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(dirname(folder), { recursive: true })
  renameSync(aside, folder)
}

/**
 * Makes of Node's own start what fits the launcher's flags, and compiles the program for both. Without them it starts
 * later and does the same.
 */
function compile(folder: string): void {
  // The Node that the launcher starts, whichever runs the build: a snapshot fits one version.
  const installed = join(root, 'node_modules/.bin/node')
  const run = (...words: readonly string[]) =>
    execFileSync(existsSync(installed) ? installed : execPath, [...launcherFlags(), ...words], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, NODE_NO_WARNINGS: '1', NODE_COMPILE_CACHE: '' },
    })
  const snapshot = join(folder, snapshotFile)
  try {
    // Of a program that does nothing.
    if (existsSync(installed)) run(`--snapshot-blob=${snapshot}`, '--build-snapshot', '/dev/null')
    run(
      ...(existsSync(snapshot) ? [`--snapshot-blob=${snapshot}`] : []),
      join(root, 'tools/compile-program.ts'),
      folder,
    )
  } catch (error) {
    console.warn(`The program could not be compiled: ${(error as Error).message}`)
  }
}

const common: BuildOptions = {
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node24',
  charset: 'ascii',
  logLevel: 'warning',
}

/** Takes what is imported late out of `main`, to be asked of the program; `parts` are the modules asked for. */
function loadingProgram(parts: Set<string>): Plugin {
  return {
    name: 'loading-program',
    setup: ({ onResolve, onLoad }) => {
      onResolve({ filter: /^\.\// }, ({ path, kind }) => {
        if (kind !== 'dynamic-import' || beside.has(path)) return undefined
        parts.add(path)
        return { path, namespace: 'program' }
      })
      onLoad({ filter: /./, namespace: 'program' }, ({ path }) => ({
        contents: `module.exports = require('./load-program.ts').program()[${JSON.stringify(path)}]()`,
        resolveDir: import.meta.dirname,
      }))
    },
  }
}

/** Leaves out of the program what it shares with `main`. */
const sharing: Plugin = {
  name: 'sharing',
  setup: ({ onResolve }) => {
    onResolve({ filter: /./ }, ({ path }) => {
      const name = sharedModules.find(shared => basename(shared) === basename(path))
      return name === undefined ? undefined : { path: name, external: true }
    })
  },
}

/** How long a bundle stays that another one took the place of: nobody starts it any more, and those who did have read it. */
const kept = 86_400_000

/**
 * Builds into a folder of its own beside `link`, which then points there: whoever runs the bundle of before keeps it for
 * a day.
 */
export async function publish(link: string): Promise<void> {
  const parent = dirname(link)
  const target = `${basename(link)}-${Date.now().toString(36)}-${process.pid}`
  await buildProgram(join(parent, target))
  const now = new Date()
  const before = lstatSync(link, { throwIfNoEntry: false })
  if (before?.isDirectory()) renameSync(link, `${link}-${process.pid}-before`)
  else if (before !== undefined) utimesSync(link, now, now)
  const aside = `${link}.${process.pid}`
  symlinkSync(target, aside)
  renameSync(aside, link)
  for (const name of readdirSync(parent)) {
    const path = join(parent, name)
    const isOld = name.startsWith(`${basename(link)}-`) && name !== target
    if (isOld && now.getTime() - statSync(path).mtimeMs > kept) rmSync(path, { recursive: true, force: true })
  }
}

/** Of everything that a bundle is made from. */
function digestOfSources(): string {
  const hash = createHash('sha256')
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(path =>
    path.endsWith('.ts'),
  )
  for (const path of ['package-lock.json', ...sources.sort().map(source => join('src', source))])
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(join(root, path)))
      .update('\0')
  return hash.digest('hex')
}

// As a program: node tools/build.ts [LINK]
if (import.meta.main) {
  if (argv[2]?.startsWith('-')) throw new Error('usage: node tools/build.ts [LINK]')
  await publish(resolve(argv[2] ?? join(root, 'dist/app')))
}
