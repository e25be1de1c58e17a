/** Sluice's version: an input of every verdict. A test holds it to `package.json`, which start-up need not read. */
export const version = '0.1.0'

declare const bundledCode: string | undefined

/** Digest of the code, put here when it is bundled; undefined where the sources run, which may change at any time. */
export const build = typeof bundledCode === 'undefined' ? undefined : bundledCode
