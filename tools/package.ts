import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { arch, argv, platform } from 'node:process'
import { buildProgram } from './build.ts'
import { snapshotFile } from './load-program.ts'

const root = join(import.meta.dirname, '..')

/** What people read, and what the demo scans. */
const taken = ['sluice', 'README.md', 'CHANGELOG.md', 'SECURITY.md', 'LICENSE', 'demo'] as const

interface Manifest {
  readonly [name: string]: unknown
  readonly optionalDependencies: Readonly<Record<string, string>>
}

/**
 * Makes of the working tree what people install, in `folder`, and packs it; returns the path of the archive. The bundle
 * holds all code, so that the only dependency left is Node. What the build compiled is for the machine's own platform;
 * elsewhere the program starts without it.
 */
export async function makePackage(folder: string): Promise<string> {
  const content = join(folder, 'package')
  rmSync(content, { recursive: true, force: true })
  mkdirSync(content, { recursive: true })
  for (const name of taken) cpSync(join(root, name), join(content, name), { recursive: true })
  const app = join(content, 'dist/app')
  await buildProgram(app)
  // Node refuses a snapshot of another version: the launcher takes it where npm has installed the Node it is named after.
  if (existsSync(join(app, snapshotFile))) renameSync(join(app, snapshotFile), join(app, `${nodePackage()}.blob`))
  writeFileSync(join(content, 'package.json'), `${JSON.stringify(manifest(), undefined, 2)}\n`)
  const packed = execFileSync('npm', ['pack', content, '--silent', '--pack-destination', folder], { encoding: 'utf8' })
  return join(folder, packed.trim())
}

/** Of the repository's manifest, what an installation needs. */
function manifest(): object {
  const { name, version, description, license, bin, optionalDependencies } = repositoryManifest()
  const nodes = Object.entries(optionalDependencies).filter(([dependency]) => dependency.startsWith('node-'))
  return { name, version, description, license, bin, optionalDependencies: Object.fromEntries(nodes) }
}

function nodePackage(): string {
  const names = Object.keys(repositoryManifest().optionalDependencies)
  return names.find(name => name.startsWith('node-') && name.endsWith(`${platform}-${arch}`)) ?? 'node'
}

function repositoryManifest(): Manifest {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
}

// As a program: node tools/package.ts [FOLDER]
if (import.meta.main) {
  if (argv[2]?.startsWith('-')) throw new Error('usage: node tools/package.ts [FOLDER]')
  console.log(await makePackage(resolve(argv[2] ?? join(root, 'dist/packed'))))
}
