import { imageSources } from '#images/index.ts'
import type { ImageSource, OpenedTarget, OpenOptions } from '#images/types.ts'
import { Failure } from '#lib/failure.ts'

/**
 * Opens what the user named: `scheme:name` by that source, any other name by the first source that recognises it.
 * Throws `Failure` where nothing does.
 */
export async function openTarget(text: string, options: OpenOptions): Promise<OpenedTarget> {
  const { source, name } = await chooseSource(text, options.environment)
  const open = await source.load()
  return open(name, options)
}

async function chooseSource(
  text: string,
  environment: OpenOptions['environment'],
): Promise<{ readonly source: ImageSource; readonly name: string }> {
  const colon = text.indexOf(':')
  const scheme = colon > 0 ? text.slice(0, colon) : undefined
  const named = imageSources.find(source => source.id === scheme)
  if (named !== undefined) return { source: named, name: text.slice(colon + 1) }
  for (const source of imageSources) if (await source.detects(text, environment)) return { source, name: text }
  throw new Failure('target/unknown', `Nothing that can be scanned is called '${text}'.`, {
    hint: `Name an archive, a directory or an image, or say what it is: ${imageSources.map(({ id }) => `${id}:…`).join(', ')}.`,
  })
}
