import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { HttpSettings } from '#io/http.ts'

/** Authorities in one folder; more is a mistake. */
const maxFiles = 50

/**
 * What Docker and Podman were told to trust for a registry: `certs.d/<host[:port]>/*.crt`, and the certificate and key
 * (`*.cert`, `*.key`) by which it knows us. Absent folders and unreadable files are passed over.
 * https://docs.docker.com/engine/security/certificates/ and containers-certs.d(5)
 */
export async function certificatesFor(
  host: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Pick<HttpSettings, 'certificateAuthorities' | 'identity'>> {
  const home = environment.HOME
  const settings = environment.XDG_CONFIG_HOME ?? (home === undefined ? undefined : join(home, '.config'))
  const own = settings === undefined ? [] : [join(settings, 'containers', 'certs.d')]
  const authorities: string[] = []
  let identity: { readonly cert: string; readonly key: string } | undefined
  for (const folder of [...own, '/etc/containers/certs.d', '/etc/docker/certs.d'].map(path => join(path, host))) {
    const names = await readdir(folder).catch(() => [])
    const read = (name: string) => readFile(join(folder, name), 'utf8').catch(() => undefined)
    for (const name of names.slice(0, maxFiles).sort()) {
      const text = name.endsWith('.crt') || name.endsWith('.cert') ? await read(name) : undefined
      if (text === undefined) continue
      if (name.endsWith('.crt')) authorities.push(text)
      else {
        const key = await read(name.replace(/\.cert$/, '.key'))
        if (key !== undefined) identity ??= { cert: text, key }
      }
    }
  }
  return {
    ...(authorities.length === 0 ? {} : { certificateAuthorities: authorities }),
    ...(identity === undefined ? {} : { identity }),
  }
}
