import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { argv, execArgv, execPath } from 'node:process'
import { compiledFile, loadProgram } from './load-program.ts'

/**
 * Keeps beside a bundled program what it is compiled to once it has scanned: the demo's image, cold and cached, with
 * each report. A function that was never called is compiled when it is.
 */
async function compileProgram(folder: string): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'sluice-build-'))
  try {
    process.env.SLUICE_HOME = join(work, 'demo', 'home')
    const main = join(import.meta.dirname, '../src/cli/main.ts')
    execFileSync(execPath, [...execArgv, main, 'demo', '--quiet', '--keep', join(work, 'demo')])
    const { program, script } = loadProgram(folder)
    const { runScan } = program['./scan.ts']!() as { runScan: (words: readonly string[]) => Promise<number> }
    for (const format of ['table', 'table', 'json', 'sarif', 'cyclonedx', 'markdown'])
      await runScan([join(work, 'demo', 'image.tar'), '--offline', '-o', `${format}=${join(work, 'report')}`])
    writeFileSync(join(folder, compiledFile), script.createCachedData())
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

// As a program, which the build runs with the flags that the launcher starts Node with: compile-program.ts FOLDER
if (import.meta.main) await compileProgram(argv[2]!)
