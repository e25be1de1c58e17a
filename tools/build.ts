import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { argv } from 'node:process'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..')

/**
 * Bundles the command line into `folder`, which is replaced as a whole: `main.js`, and a chunk for each thing that is
 * loaded when it is needed. Not minified, so that stack traces read. Files that the code finds beside itself, or two
 * folders up, are where they were: `folder` has to lie as deep as `src/cli`.
 */
export async function buildProgram(folder: string): Promise<void> {
  const aside = `${folder}.${process.pid}`
  await build({
    entryPoints: [join(root, 'src/cli/main.ts')],
    outdir: aside,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    charset: 'utf8',
    logLevel: 'warning',
    define: { bundledCode: JSON.stringify(digestOfSources()) },
    // Packages written for CommonJS ask for Node's own modules with `require`.
    banner: {
      js: "import{createRequire as __nodeRequire}from'node:module';const require=__nodeRequire(import.meta.url);",
    },
  })
  for (const file of ['default.yaml', 'policy.schema.json'])
    copyFileSync(join(root, 'src/policy', file), join(aside, file))
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(join(folder, '..'), { recursive: true })
  renameSync(aside, folder)
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

// As a program: node tools/build.ts [FOLDER]
if (import.meta.main) await buildProgram(argv[2] ?? join(root, 'dist/app'))
