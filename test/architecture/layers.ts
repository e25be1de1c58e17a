/** One row of the house's plan: what the files of a folder may import, besides their own folder. */
export interface LayerRule {
  /** Folders of `src/` (`model`), single files (`ecosystems/types.ts`), or patterns with `*`. */
  readonly may: readonly string[]
  /** npm packages. */
  readonly packages?: readonly string[]
  /** Node's own modules. */
  readonly node?: boolean
}

/**
 * Who may import whom, top to bottom only; `docs/architecture.md` tells why. Keys are folders below `src/`; a plug-in
 * folder of a family has the family's row.
 */
export const layerRules: Readonly<Record<string, LayerRule>> = {
  lib: { may: [], packages: ['js-yaml', 're2js', 'smol-toml', 'fast-xml-parser'] },
  io: { may: ['lib'], node: true },
  model: { may: ['lib'] },
  images: { may: ['model', 'lib', 'io'], node: true },
  ecosystems: { may: ['ecosystems/types.ts', 'ecosystems/*/version.ts', 'model', 'lib'] },
  advisories: { may: ['model', 'lib', 'io'], packages: ['ae-cvss-calculator'], node: true },
  policy: { may: ['model', 'lib'], packages: ['@marcbachmann/cel-js'] },
  reports: { may: ['reports/types.ts', 'model', 'lib'] },
  engine: {
    may: [
      'model',
      'lib',
      'images/index.ts',
      'images/types.ts',
      'ecosystems/index.ts',
      'ecosystems/types.ts',
      'advisories/types.ts',
      'advisories/ranges.ts',
      'policy',
    ],
  },
  cli: { may: ['engine', 'advisories', 'ecosystems', 'images', 'policy', 'reports', 'model', 'lib', 'io'], node: true },
}
