import type { FileInfo } from '#ecosystems/types.ts'

/** No Go program is smaller. */
const minBytes = 4096

/**
 * Ends of names that programs do not have, however many execute bits a file carries: build contexts from Windows give
 * every file all of them. Shared libraries are not among them, because Go can build those too.
 */
const otherEnds: ReadonlySet<string> = new Set([
  '.sh', '.bash', '.py', '.pyc', '.pyi', '.pl', '.pm', '.rb', '.php', '.lua', '.tcl', '.awk', '.ps1', '.bat',
  '.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', '.jsx', '.tsx', '.map', '.json', '.node-version', '.html', '.css',
  '.txt', '.md', '.rst', '.xml', '.yaml', '.yml', '.toml', '.ini', '.conf', '.cfg', '.csv', '.sql', '.tmpl',
  '.go', '.c', '.cc', '.cpp', '.h', '.hpp', '.rs', '.java', '.class', '.jar', '.war', '.ear', '.scala', '.kt',
  '.a', '.o', '.la', '.gz', '.xz', '.bz2', '.zst', '.zip', '.whl', '.tar', '.tgz',
  '.png', '.jpg', '.jpeg', '.gif', '.svg', '.ico', '.webp', '.pdf', '.ttf', '.otf', '.woff', '.woff2', '.mo', '.po',
]) // biome-ignore format: one line a kind

/** True for what may be a compiled program: executable by anyone or named `.exe`, large enough, and not named otherwise. */
export function isProgram(file: FileInfo): boolean {
  // The name first: size and mode may cost a look at the file system.
  if (!isProgramEnd(file.path.slice(file.path.lastIndexOf('.')))) return false
  if (file.size < minBytes) return false
  return file.path.endsWith('.exe') || (file.mode & 0o111) !== 0
}

/** False for what, from the last dot of a name on, no program's name ends with. */
export function isProgramEnd(end: string): boolean {
  return !otherEnds.has(end)
}

/** True for a project's manifest: not that of a vendored module, of the module cache or of test data. */
export function isGoMod(path: string): boolean {
  if (path !== 'go.mod' && !path.endsWith('/go.mod')) return false
  return !otherFolders.some(folder => path.startsWith(folder) || path.includes(`/${folder}`))
}

const otherFolders = ['vendor/', 'testdata/', 'pkg/mod/']
