import { spawnSync } from 'node:child_process'
import { argv } from 'node:process'

/** What could be said of the installed packages. */
type Answer = { readonly verified: boolean; readonly detail: string } | { readonly skipped: string }

/**
 * Has npm verify that the installed packages carry the registry's signatures, and the provenance that they publish
 * (https://docs.npmjs.com/verifying-registry-signatures). A mirror without the registry's keys can show nothing either
 * way, and npm would wait for it for minutes: then this is skipped, and the digests in the lock file alone tell that
 * what is installed is what was reviewed.
 */
export async function checkSignatures(registry: string, audit: () => Audit): Promise<Answer> {
  const fault = await missingKeys(registry)
  if (fault !== undefined) return { skipped: `${registry} ${fault}, so signatures cannot be verified` }
  const { code, output } = audit()
  return { verified: code === 0, detail: output.trim() }
}

interface Audit {
  readonly code: number | null
  readonly output: string
}

/** Why signatures cannot be verified with this registry; undefined where it serves keys to do it with. */
async function missingKeys(registry: string): Promise<string | undefined> {
  try {
    const address = new URL('-/npm/v1/keys', registry.endsWith('/') ? registry : `${registry}/`)
    const answer = await fetch(address, { signal: AbortSignal.timeout(20_000) })
    if (!answer.ok) return `serves no keys (HTTP ${answer.status})`
    const { keys } = (await answer.json()) as { readonly keys?: unknown }
    return Array.isArray(keys) && keys.length > 0 ? undefined : 'serves no keys'
  } catch (error) {
    return `serves no keys that can be read (${error instanceof Error ? error.message : error})`
  }
}

function npm(...words: readonly string[]): Audit {
  const { status, stdout, stderr } = spawnSync('npm', words, { encoding: 'utf8', timeout: 600_000 })
  return { code: status, output: `${stdout}${stderr}` }
}

// As a program: node tools/check-signatures.ts [--require]; a release requires what a build on a mirror may skip.
if (import.meta.main) {
  const registry = npm('config', 'get', 'registry', '--loglevel=error').output.trim()
  const answer = await checkSignatures(registry, () => npm('audit', 'signatures', '--loglevel=error'))
  if ('skipped' in answer) {
    console.warn(`SKIPPED: ${answer.skipped}`)
    if (argv.includes('--require')) process.exitCode = 1
  } else {
    console.info(answer.detail)
    if (!answer.verified) process.exitCode = 1
  }
}
