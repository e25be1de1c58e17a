import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { Failure } from '#lib/failure.ts'
import { printable } from '#lib/terminal.ts'
import { defaultPolicyFile } from '#policy/default-policy.ts'
import { parsePolicy } from '#policy/parse.ts'
import { runPolicyTests } from '#policy/test-policy.ts'
import { parseReport } from '#reports/parse-report.ts'
import { type Flags, readFlags, usageFailure } from './flags.ts'
import { readPolicyText } from './scan.ts'
import { writeOut } from './standard-output.ts'

/** `sluice policy`: check a document, run its tests, show the shipped one or the schema. */
export async function runPolicy(words: readonly string[]): Promise<number> {
  const flags = readFlags('policy', words)
  const [action, file, ...more] = flags.words
  if (more.length > 0) throw usageFailure('policy', 'sluice policy takes one file.')
  switch (action) {
    case 'show':
      return print(defaultPolicyFile)
    case 'schema':
      return print(new URL('./policy.schema.json', defaultPolicyFile))
    case 'check':
      return check(needFile(action, file), flags)
    case 'test':
      return test(needFile(action, file), flags)
    default:
      throw usageFailure('policy', 'Say what to do: sluice policy check, test, show or schema.')
  }
}

function needFile(action: string, file: string | undefined): string {
  if (file === undefined) throw usageFailure('policy', `sluice policy ${action} needs a policy file.`)
  return file
}

async function print(url: URL): Promise<number> {
  writeOut(await readFile(url, 'utf8'))
  return 0
}

async function check(file: string, flags: Flags): Promise<number> {
  const policy = parsePolicy(await readPolicyText(file), file)
  if (!flags.has('quiet')) {
    const { name, version } = policy.metadata
    const counts = `${policy.rules.length} rules, ${policy.waivers.length} waivers, ${policy.tests.length} tests`
    writeOut(`${file}: policy ${printable(name)}, version ${version}, is well formed: ${counts}.\n`)
  }
  return 0
}

/** Exit code 1 where a test did not get the verdict that it expects. */
async function test(file: string, flags: Flags): Promise<number> {
  const policy = parsePolicy(await readPolicyText(file), file)
  const results = runPolicyTests(policy, path => readFacts(resolve(dirname(file), path)))
  const failed = results.filter(({ passed }) => !passed)
  for (const { test: described, passed, reasons } of flags.has('quiet') ? failed : results) {
    writeOut(`${passed ? 'ok  ' : 'FAIL'} ${printable(described.name)}\n`)
    for (const reason of passed ? [] : reasons) writeOut(`     ${printable(reason)}\n`)
  }
  writeOut(`${results.length - failed.length} passed, ${failed.length} failed\n`)
  return failed.length > 0 ? 1 : 0
}

function readFacts(path: string) {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new Failure('policy/facts', `The facts of a policy test cannot be read: ${(error as Error).message}.`, {
      hint: 'Save a report with sluice scan TARGET -o json=FILE and name it in the test.',
      cause: error,
    })
  }
  return parseReport(text, path)
}
