import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { makePackage } from '#tools/package.ts'

/** Packs the working tree and installs it below `scratch`, as people do; returns the path of the program. */
export async function installPackage(scratch: string): Promise<string> {
  const prefix = join(scratch, 'installed')
  rmSync(prefix, { recursive: true, force: true })
  const archive = await makePackage(join(scratch, 'packed'))
  execFileSync('npm', ['install', '--global', '--silent', '--no-audit', '--no-fund', '--prefix', prefix, archive], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return join(prefix, 'bin/sluice')
}
