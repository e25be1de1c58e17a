/** Names under which Go's vulnerability database (https://go.dev/doc/security/vuln/database) knows Go itself. */
export const standardModules: ReadonlySet<string> = new Set(['stdlib', 'toolchain'])
