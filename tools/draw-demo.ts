import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { renderTerminal } from './render-terminal.ts'

/** The picture of a real run of `./sluice demo`, in colour and 104 columns wide. */
export function drawDemo(): string {
  const home = mkdtempSync(join(tmpdir(), 'sluice-picture-'))
  try {
    const env = { ...process.env, NO_COLOR: '', FORCE_COLOR: '1', COLUMNS: '104', SLUICE_HOME: home }
    const shown = execFileSync(join(import.meta.dirname, '..', 'sluice'), ['demo'], { env, encoding: 'utf8' })
    return renderTerminal(`\x1b[2m$\x1b[0m ./sluice demo\n${shown}`, 'What ./sluice demo prints')
  } finally {
    rmSync(home, { recursive: true })
  }
}
